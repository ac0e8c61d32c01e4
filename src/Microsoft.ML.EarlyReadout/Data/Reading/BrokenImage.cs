using System.Diagnostics;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;

namespace Microsoft.ML.EarlyReadout;

/// <summary>An image that cannot be read: where it stands in a view, and what is wrong with it. It is looked for once something has failed,
/// by reading the view again.</summary>
/// <param name="Column">The column of images.</param>
/// <param name="Row">The row, counted from 0 in the view.</param>
/// <param name="What">What is wrong, as the sentence goes on after column and row; <see langword="null"/> where only what failed can
/// tell.</param>
/// <param name="Source">What is known of the file, a sentence; else empty.</param>
internal sealed record BrokenImage(DataViewSchema.Column Column, long Row, string? What, string Source)
{
    private const string Advice = "Drop such rows, or load an image for them.";

    /// <summary>What is said of a row without an image.</summary>
    public const string Missing = "has no image. " + Advice;

    /// <summary>What is said of a row whose image is of no more use.</summary>
    public const string Disposed = "has an image that was disposed. ResizeImages and ExtractPixels dispose images in memory "
        + "that they have read: make them anew for each pass, or load them from files.";

    /// <summary>Whether rows of a schema can have a broken image.</summary>
    public static bool CanBeIn(DataViewSchema schema) => schema.Any(column => column.Type is ImageDataViewType);

    /// <summary>Finds the first row whose image cannot be read.</summary>
    /// <param name="view">The view.</param>
    /// <param name="from">The row to start at.</param>
    /// <param name="rows">How many rows to look at.</param>
    /// <param name="time">How long to look at rows after the first.</param>
    /// <returns>The image; <see langword="null"/> where all that was looked at can be read, or the view cannot be read again.</returns>
    public static BrokenImage? Find(IDataView view, long from, long rows, TimeSpan time)
    {
        try
        {
            ImageFileNames names = ImageFileNames.Read(view);
            DataViewSchema.Column[] columns = [.. view.Schema.Where(column => column.Type is ImageDataViewType)];
            return columns.Select(column => Find(view, column, names, from, rows, time)).OfType<BrokenImage>().MinBy(broken => broken.Row);
        }
        catch (Exception fault) when (fault is not (OperationCanceledException or OutOfMemoryException))
        {
            return null; // the first failure is the one to tell
        }
    }

    /// <summary>The fault to throw.</summary>
    /// <param name="column">The column that was read.</param>
    /// <param name="cause">What failed, if anything did.</param>
    public InvalidDataException Fault(DataViewSchema.Column column, Exception? cause) =>
        FeatureReader.Bad(column, Row, What ?? (cause is null ? Missing : Unread(cause)), cause);

    private string Unread(Exception cause) => $"cannot be read: {cause.GetBaseException().Message.TrimEnd('.')}. {Source}".TrimEnd();

    private static BrokenImage? Find(
        IDataView view, DataViewSchema.Column column, ImageFileNames names, long from, long rows, TimeSpan time)
    {
        using DataViewRowCursor cursor = view.GetRowCursor([column, .. names.Texts]);
        ValueGetter<MLImage> getter = cursor.GetGetter<MLImage>(column);
        Func<ImageFile> file = names.Reader(cursor);
        MLImage? image = null;
        long begun = 0; // once the first is looked at: to pass over those before may take longer than all that is looked at
        for (long row = 0; row - from < rows && cursor.MoveNext(); row++)
        {
            if (row < from) continue;
            if (row == from) begun = Stopwatch.GetTimestamp();
            else if (Stopwatch.GetElapsedTime(begun) > time) return null;
            try
            {
                getter(ref image!);
            }
            catch (Exception fault) when (fault is not (OperationCanceledException or OutOfMemoryException))
            {
                return new BrokenImage(column, row, file().Fault is { } what ? $"has no image: {what}." : null, file().Words);
            }

            if (image is null)
                return new BrokenImage(column, row, file().Fault is { } what ? $"has no image: {what}. {Advice}" : Missing, file().Words);
            if (IsDisposed(image)) return new BrokenImage(column, row, Disposed, "");
        }

        return null;
    }

    /// <summary>Whether an image was disposed.</summary>
    public static bool IsDisposed(MLImage image)
    {
        try
        {
            return image.Width < 0;
        }
        catch (InvalidOperationException)
        {
            return true; // there is no other way to ask
        }
    }
}
