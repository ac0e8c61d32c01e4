using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// How the rows of a view name their image files. A schema does not say it, but an image that <c>LoadImages</c> has loaded is tagged with
/// its path, and the row's text that the path ends in is the one that names it.
/// </summary>
internal sealed class ImageFileNames
{
    private const int RowsTried = 100;
    private const int TextsQuoted = 3;

    private DataViewSchema.Column? _text;
    private string _folder = "";

    private ImageFileNames(DataViewSchema schema) => Texts = [.. schema.Where(column => column.Type is TextDataViewType)];

    /// <summary>The columns of text, which must be active where names are read.</summary>
    public DataViewSchema.Column[] Texts { get; }

    /// <summary>Learns it from the first image that can be loaded.</summary>
    public static ImageFileNames Read(IDataView view)
    {
        var names = new ImageFileNames(view.Schema);
        DataViewSchema.Column images = view.Schema.First(column => column.Type is ImageDataViewType);
        using DataViewRowCursor cursor = view.GetRowCursor([images, .. names.Texts]);
        ValueGetter<MLImage> getter = cursor.GetGetter<MLImage>(images);
        Func<string[]> texts = names.TextReader(cursor);
        MLImage? image = null;
        for (int row = 0; row < RowsTried && names._text is null && cursor.MoveNext(); row++)
        {
            try
            {
                getter(ref image!);
                if (image?.Tag is { Length: > 0 } path) names.Read(path, texts());
            }
            catch (Exception fault) when (fault is not (OperationCanceledException or OutOfMemoryException))
            {
                // A broken image teaches nothing; the next one may.
            }
        }

        return names;
    }

    /// <summary>Reads what a cursor's row says of its file.</summary>
    /// <param name="cursor">A cursor with <see cref="Texts"/> active.</param>
    public Func<ImageFile> Reader(DataViewRowCursor cursor)
    {
        Func<string[]> texts = TextReader(cursor);
        return () => FileOf(texts());
    }

    private void Read(string path, string[] texts)
    {
        (DataViewSchema.Column Column, string Text)[] naming = [.. Texts.Zip(texts).Where(each => Names(each.Second, path))];
        if (naming.Length == 0) return;
        (DataViewSchema.Column column, string text) = naming.MaxBy(each => each.Text.Length);
        (_text, _folder) = (column, path[..^text.Length]);
    }

    private static bool Names(string text, string path) =>
        text.Length > 0 && path.EndsWith(text, StringComparison.Ordinal)
        && (path.Length == text.Length || path[^(text.Length + 1)] is '/' or '\\');

    private ImageFile FileOf(string[] texts)
    {
        if (_text is { } column)
        {
            string text = texts[Array.FindIndex(Texts, each => each.Index == column.Index)];
            return text.Length == 0
                ? new ImageFile("", $"its text in column '{column.Name}' is empty")
                : new ImageFile(_folder + text, $"Its file is '{_folder + text}'.");
        }

        if (texts.FirstOrDefault(Path.Exists) is { } path) return new ImageFile(path, $"Its file is '{path}'.");
        string quoted = string.Join(", ",
            Texts.Zip(texts).Take(TextsQuoted).Select(each => $"{each.First.Name} '{Excerpt.Of(each.Second)}'"));
        return new ImageFile(null, quoted.Length == 0 ? "" : $"Its texts are {quoted}.");
    }

    private Func<string[]> TextReader(DataViewRowCursor cursor)
    {
        ValueGetter<ReadOnlyMemory<char>>[] getters =
            [.. Texts.Select(column => cursor.GetGetter<ReadOnlyMemory<char>>(cursor.Schema[column.Index]))];
        return () => [.. getters.Select(getter =>
        {
            ReadOnlyMemory<char> text = default;
            getter(ref text);
            return text.ToString();
        })];
    }
}
