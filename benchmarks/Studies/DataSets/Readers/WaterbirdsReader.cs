namespace Studies;

/// <summary>Reads <c>waterbird_complete95_forest2water2/metadata.csv</c>.</summary>
internal static class WaterbirdsReader
{
    private const string Folder = "waterbird_complete95_forest2water2";
    private static readonly string[] Labels = ["landbird", "waterbird"];
    private static readonly string[] Places = ["land", "water"];
    private static readonly string[] Groups = [.. from label in Labels from place in Places select $"{label}, {place}"];

    public static DataSet Read(string folder)
    {
        string metadata = DataFile.Find(folder, "metadata.csv", Path.Combine(Folder, "metadata.csv"));
        string images = Path.GetDirectoryName(metadata)!;
        return new DataSet(
            "Waterbirds",
            folder,
            CsvFile.Read(metadata, "img_filename", "y", "split", "place").Select(row =>
                new Example(row.Name("y", Labels), row.Name("place", Places), row.Name("split", Splits.ByNumber))
                {
                    Path = Path.Combine(images, row["img_filename"]),
                }),
            [
                .. PublishedCount.Of(Splits.Train, Groups, 3498, 184, 56, 1057),
                .. PublishedCount.Of(Splits.Validation, Groups, 467, 466, 133, 133),
                .. PublishedCount.Of(Splits.Test, Groups, 2255, 2255, 642, 642),
            ]);
    }
}
