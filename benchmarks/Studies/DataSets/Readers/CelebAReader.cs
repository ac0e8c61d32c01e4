namespace Studies;

/// <summary>Reads CelebA's lists, as csv or in the original form of columns set apart by blanks.</summary>
internal static class CelebAReader
{
    private const string Label = "Blond_Hair";
    private const string Attribute = "Male";
    private static readonly string[] Labels = ["not blond", "blond"];
    private static readonly string[] Genders = ["female", "male"];
    private static readonly string[] Groups = [.. from label in Labels from gender in Genders select $"{label}, {gender}"];

    public static DataSet Read(string folder)
    {
        string attributes = DataFile.Find(folder, "list_attr_celeba.csv", "list_attr_celeba.txt");
        string partition = DataFile.Find(folder, "list_eval_partition.csv", "list_eval_partition.txt");
        Dictionary<string, string> splits = IsText(partition)
            ? Blanks(partition).ToDictionary(row => row.Fields[0], row => SplitOf(partition, row.Line, row.Fields[^1]))
            : CsvFile.Read(partition, "partition").ToDictionary(row => row[0], row => row.Name("partition", Splits.ByNumber));
        IEnumerable<Example> examples = (IsText(attributes) ? FromText(attributes) : FromCsv(attributes)).Select(image =>
            new Example(Labels[image.Blond ? 1 : 0], Genders[image.Male ? 1 : 0], splits.TryGetValue(image.Name, out string? split)
                ? split
                : throw new InvalidDataException($"{partition}: no line for {image.Name}, which {attributes} has."))
            {
                Path = Path.Combine(folder, "img_align_celeba", image.Name),
            });
        return new DataSet("CelebA", folder, examples, PublishedCount.Of(Splits.Train, Groups, 71629, 66874, 22880, 1387));
    }

    private static bool IsText(string path) =>
        path.EndsWith(".txt", StringComparison.Ordinal) || path.EndsWith(".txt.gz", StringComparison.Ordinal);

    private static IEnumerable<(string Name, bool Blond, bool Male)> FromCsv(string path) =>
        CsvFile.Read(path, Label, Attribute).Select(row => (row[0], IsSet(row, Label), IsSet(row, Attribute)));

    private static bool IsSet(CsvRow row, string column) => row[column] switch
    {
        "1" => true,
        "-1" => false,
        _ => throw row.Fault(column, "1 or -1"),
    };

    // The first line counts the images, the second names the attributes; a row begins with the image's name.
    private static IEnumerable<(string Name, bool Blond, bool Male)> FromText(string path)
    {
        int blond = -1, male = -1, names = 0;
        foreach ((int line, string[] fields) in Blanks(path))
        {
            if (line == 1) continue;
            if (line == 2)
            {
                names = fields.Length;
                blond = Array.IndexOf(fields, Label);
                male = Array.IndexOf(fields, Attribute);
                if (blond < 0 || male < 0)
                    throw new InvalidDataException($"{path}, line 2: no {Label} or no {Attribute} among the attributes.");
                continue;
            }

            if (fields.Length != names + 1)
                throw new InvalidDataException($"{path}, line {line}: {fields.Length - 1} attributes; line 2 names {names}.");
            yield return (fields[0], IsSet(blond), IsSet(male));

            bool IsSet(int attribute) => fields[attribute + 1] switch
            {
                "1" => true,
                "-1" => false,
                var other => throw new InvalidDataException($"{path}, line {line}: '{other}'; expected 1 or -1."),
            };
        }
    }

    private static string SplitOf(string path, int line, string number) => number is ['0' or '1' or '2']
        ? Splits.ByNumber[number[0] - '0']
        : throw new InvalidDataException($"{path}, line {line}: the partition is '{number}'; expected 0, 1 or 2.");

    private static IEnumerable<(int Line, string[] Fields)> Blanks(string path)
    {
        using StreamReader reader = DataFile.OpenText(path);
        for (int line = 1; reader.ReadLine() is { } text; line++)
            if (text.Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) is { Length: > 0 } fields)
                yield return (line, fields);
    }
}
