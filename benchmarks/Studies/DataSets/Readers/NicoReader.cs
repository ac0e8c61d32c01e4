namespace Studies;

/// <summary>Reads NICO's csv files (path, class, context); the attribute is the context. A file's split is what its name says.</summary>
internal static class NicoReader
{
    private const string Images = "images";

    public static DataSet Read(string folder) => new(
        "NICO animals",
        folder,
        from file in Directory.EnumerateFiles(folder, "*.csv").Order(StringComparer.Ordinal)
        from row in CsvFile.Read(file, "path", "class", "context")
        select new Example(row["class"], row["context"], Splits.OfName(Path.GetFileName(file)))
        {
            Path = Path.Combine(folder, Below(row["path"])),
        });

    private static string Below(string path) => path.StartsWith(Images + "/", StringComparison.Ordinal) ? path : Path.Combine(Images, path);
}
