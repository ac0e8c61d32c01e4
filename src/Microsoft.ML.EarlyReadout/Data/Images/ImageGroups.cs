using Microsoft.ML.Data;

namespace Microsoft.ML.EarlyReadout;

/// <summary>The groups of images, as a file of comma-separated values names them.</summary>
internal static class ImageGroups
{
    /// <summary>Reads a file with a header line, then a path and a group on each line.</summary>
    /// <param name="path">The file.</param>
    /// <returns>By path of the image, its group.</returns>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="InvalidDataException">An image has two groups, or none.</exception>
    public static IReadOnlyDictionary<string, string> Read(string path)
    {
        if (!File.Exists(path)) throw new FileNotFoundException($"GroupsPath is '{path}', and there is no such file.", path);
        var ml = new MLContext();
        var options = new TextLoader.Options
        {
            HasHeader = true, Separators = [','], AllowQuoting = true,
            Columns =
            [
                new TextLoader.Column(nameof(Line.Image), DataKind.String, 0),
                new TextLoader.Column(nameof(Line.Group), DataKind.String, 1),
            ],
        };
        IDataView lines = ml.Data.LoadFromTextFile(path, options);
        var groups = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (Line line in ml.Data.CreateEnumerable<Line>(lines, reuseRowObject: true))
        {
            (string image, string group) = (line.Image, line.Group);
            if (group.Length == 0) throw new InvalidDataException($"'{path}' names no group for the image '{image}'.");
            if (groups.TryGetValue(image, out string? other) && other != group)
                throw new InvalidDataException($"'{path}' names two groups for the image '{image}': '{other}' and '{group}'.");
            groups[image] = group;
        }

        return groups;
    }

    private sealed class Line
    {
        public string Image { get; set; } = "";

        public string Group { get; set; } = "";
    }
}
