namespace Studies;

/// <summary>Reads <c>manifest.csv</c> of pets cut out and put in front of land or sea: file, split, label, place, pair.</summary>
internal static class PetsOnScenesReader
{
    private static readonly string[] _labels = ["cat", "dog"];
    private static readonly string[] _places = ["land", "sea"];

    private static readonly Dictionary<string, string> _splits =
        new() { ["train"] = Splits.Train, ["val"] = Splits.Validation, ["test"] = Splits.Test };

    public static DataSet Read(string folder)
    {
        string manifest = DataFile.Find(folder, "manifest.csv");
        return new DataSet(
            "Pets on scenes",
            folder,
            CsvFile.Read(manifest, "file", "split", "label", "place", "pair").Select(row =>
                new Example(row.Name("label", _labels), row.Name("place", _places), Split(row))
                {
                    Path = Path.Combine(folder, row["file"]),
                    Pair = row["pair"].Length > 0 ? row["pair"] : null,
                }));
    }

    private static string Split(CsvRow row) =>
        _splits.TryGetValue(row["split"], out string? split) ? split : throw row.Fault("split", string.Join(", ", _splits.Keys));
}
