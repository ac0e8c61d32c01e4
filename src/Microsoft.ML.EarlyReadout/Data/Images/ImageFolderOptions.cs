namespace Microsoft.ML.EarlyReadout;

/// <summary>A folder of images without a list: <c>root/label/image.jpg</c>.</summary>
public sealed class ImageFolderOptions
{
    /// <summary>The folder whose subfolders are named after the labels.</summary>
    public string Root { get; set; } = "";

    /// <summary>Whether the folders below a label's name groups: <c>root/label/group/image.jpg</c>.</summary>
    /// <value>The default value is <see langword="false"/>: all images under a label's folder, at any depth, are alike.</value>
    public bool GroupsAreFolders { get; set; }

    /// <summary>A file of comma-separated values that names the group of each image: a header line, then the image's path from
    /// <see cref="Root"/> on, with slashes, and its group. Lines of other images are passed over.</summary>
    /// <value>The default value is <see langword="null"/>: none.</value>
    public string? GroupsPath { get; set; }
}
