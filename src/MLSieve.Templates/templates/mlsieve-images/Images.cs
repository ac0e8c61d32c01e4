using Microsoft.ML;
using Microsoft.ML.EarlyReadout;
using Microsoft.VisualBasic.FileIO;

/// <summary>An image file with its label and its group.</summary>
internal sealed class Picture
{
    public string Path { get; set; } = "";

    public string Label { get; set; } = "";

    public string Group { get; set; } = "all"; // where nothing names groups, they are the labels
}

/// <summary>Lists of images.</summary>
internal static class Images
{
    /// <summary>Reads a csv file, or lists a folder: <c>images/label/image.jpg</c>, or <c>images/label/group/image.jpg</c>.</summary>
    public static IReadOnlyList<Picture> Load(MLContext ml, string path, string pathColumn, string labelColumn, string groupColumn)
    {
        if (File.Exists(path)) return ReadCsv(path, pathColumn, labelColumn, groupColumn);
        if (!Directory.Exists(path))
            throw new FileNotFoundException($"There is no file or folder '{path}'. Name yours: --images PATH, or in Program.cs.");
        string[] labels = [.. VisibleIn(path).Where(label => VisibleIn(label).Length > 0 || HoldsImages(label))];
        IDataView rows = ml.Data.LoadFromFolders(new ImageFolderOptions
        {
            Root = path,
            GroupsAreFolders = labels.Length > 0 && !labels.Any(HoldsImages),
        });
        return [.. ml.Data.CreateEnumerable<Picture>(rows, reuseRowObject: false, ignoreMissingColumns: true)];
    }

    // An image beside folders lies in no group.
    private static bool HoldsImages(string folder) => Directory.EnumerateFiles(folder)
        .Any(file => System.IO.Path.GetExtension(file).ToUpperInvariant() is ".JPG" or ".JPEG" or ".PNG" or ".BMP" or ".GIF" or ".WEBP");

    // Not those of tools, such as .git and .ipynb_checkpoints: they are no labels and no groups.
    private static string[] VisibleIn(string folder) =>
        Directory.GetDirectories(folder, "*", new EnumerationOptions { AttributesToSkip = FileAttributes.Hidden | FileAttributes.System });

    // Paths in the file begin at its folder.
    private static List<Picture> ReadCsv(string path, string pathColumn, string labelColumn, string groupColumn)
    {
        string folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        using var reader = new TextFieldParser(path) { Delimiters = [","] };
        string[] names = reader.ReadFields() ?? [];
        int image = IndexOf(pathColumn), label = IndexOf(labelColumn), group = IndexOf(groupColumn);
        var rows = new List<Picture>();
        while (!reader.EndOfData)
        {
            long line = reader.LineNumber;
            string[] fields = reader.ReadFields()!;
            if (fields.Length != names.Length)
                throw new InvalidDataException($"'{path}', line {line}: {fields.Length} values, and the header has {names.Length}.");
            rows.Add(new Picture { Path = Path.GetFullPath(fields[image], folder), Label = fields[label], Group = fields[group] });
        }

        return rows;

        int IndexOf(string name) => Array.IndexOf(names, name) is >= 0 and int index
            ? index
            : throw new InvalidDataException($"'{path}' has no column '{name}'; it has {string.Join(", ", names)}.");
    }
}
