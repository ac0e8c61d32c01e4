using Microsoft.ML.EarlyReadout;
using Microsoft.ML.Runtime;

namespace Microsoft.ML;

/// <summary>Loads folders of images that have no list.</summary>
public static class ImageFolderCatalog
{
    /// <summary>
    /// Lists the images of a folder whose subfolders are named after their labels: <c>root/label/image.jpg</c>. Files below a label's
    /// folder count at any depth.
    /// </summary>
    /// <param name="catalog">The catalog of data.</param>
    /// <param name="root">The folder.</param>
    /// <returns>The columns <c>Path</c>, the whole path for <c>LoadImages</c> without a folder, and <c>Label</c>, both text; a row for each
    /// image, in the order of the names on their paths: by the labels' folders, then by what is in them, character by
    /// character.</returns>
    /// <remarks>Images end in jpg, jpeg, png, bmp, gif or webp. Other files, and images beside the subfolders, are passed over with a
    /// warning that counts them. Files are not opened: an image that is broken is named by who reads it.</remarks>
    /// <exception cref="ArgumentException">There is no such folder.</exception>
    /// <exception cref="InvalidDataException">There are no images in its subfolders.</exception>
    /// <exception cref="UnauthorizedAccessException">A folder below may not be read; the message names it.</exception>
    public static IDataView LoadFromFolders(this DataOperationsCatalog catalog, string root) =>
        LoadFromFolders(catalog, new ImageFolderOptions { Root = root });

    /// <summary>As <see cref="LoadFromFolders(DataOperationsCatalog, string)"/>, with a group for each image.</summary>
    /// <param name="catalog">The catalog of data.</param>
    /// <param name="options">The folder, and where groups are from.</param>
    /// <returns>The columns <c>Path</c> and <c>Label</c>, and <c>Group</c> where the options say where groups are from; all text.</returns>
    /// <exception cref="ArgumentException">There is no such folder, or the options name two places for groups.</exception>
    /// <exception cref="FileNotFoundException">The file of groups is not there.</exception>
    /// <exception cref="InvalidDataException">There are no images in its subfolders, or one has no group, or two.</exception>
    /// <exception cref="UnauthorizedAccessException">A folder below may not be read; the message names it.</exception>
    public static IDataView LoadFromFolders(this DataOperationsCatalog catalog, ImageFolderOptions options)
    {
        ArgumentNullException.ThrowIfNull(catalog);
        ArgumentNullException.ThrowIfNull(options);
        using IChannel channel = ((IChannelProvider)CatalogEnvironment.Read(catalog)).Start(nameof(LoadFromFolders));
        IReadOnlyList<ImageRow> rows = LabelledFolder.Read(options, warning => channel.Warning(MessageSensitivity.None, "{0}", warning));
        return rows is [GroupedImageRow, ..] ? catalog.LoadFromEnumerable(rows.Cast<GroupedImageRow>()) : catalog.LoadFromEnumerable(rows);
    }
}
