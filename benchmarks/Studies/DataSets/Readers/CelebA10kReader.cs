namespace Studies;

/// <summary>
/// Reads <c>manifest.csv</c> of the first ten thousand images of CelebA (file and the attributes as 0 or 1) and splits each group by
/// itself: 70 % for training, 10 % for validation, the rest for the test; of the few blond men 30, 15 and the rest. Not the published
/// split.
/// </summary>
internal static class CelebA10kReader
{
    private const int SplitSeed = 1;
    private static readonly string[] _labels = ["not blond", "blond"];
    private static readonly string[] _genders = ["female", "male"];

    public static DataSet Read(string folder)
    {
        string manifest = DataFile.Find(folder, "manifest.csv");
        Example[] images =
        [
            .. CsvFile.Read(manifest, "file", "Blond_Hair", "Male").Select(row =>
                new Example(row.Name("Blond_Hair", _labels), row.Name("Male", _genders), Splits.Whole)
                {
                    Path = Path.Combine(folder, row["file"]),
                }),
        ];
        Random random = RandomSources.For(SplitSeed, RandomSources.Rows);
        return new DataSet(
            "CelebA-10k", folder,
            images.GroupBy(image => image.Group).OrderBy(group => group.Key, StringComparer.Ordinal).SelectMany(Split));

        IEnumerable<Example> Split(IGrouping<string, Example> group)
        {
            Example[] rows = [.. group];
            int[] order = RandomSources.Shuffled(rows.Length, random);
            (int train, int validation) = group.Key == "blond, male" ? (30, 15) : (rows.Length * 7 / 10, rows.Length / 10);
            return order.Select(
                (row, i) => rows[row] with { Split = i < train ? Splits.Train : i < train + validation ? Splits.Validation : Splits.Test });
        }
    }
}
