namespace Studies;

/// <summary>
/// Reads the csv that subpopulation benchmarks share: id, filename, split (0, 1, 2), y, a. Labels and attributes keep the numbers as names.
/// </summary>
internal static class SubpopulationCsv
{
    public static DataSet Read(string file, string? imageFolder)
    {
        string folder = imageFolder ?? Path.GetDirectoryName(Path.GetFullPath(file))!;
        return new DataSet(
            Path.GetFileNameWithoutExtension(file),
            file,
            CsvFile.Read(file, "id", "filename", "split", "y", "a").Select(row =>
                new Example(row["y"], row["a"], row.Name("split", Splits.ByNumber)) { Path = Path.Combine(folder, row["filename"]) }));
    }
}
