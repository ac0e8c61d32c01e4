namespace Studies;

/// <summary>
/// Reads counterfactually augmented reviews of films (Kaushik, Hovy and Lipton 2020): tab-separated files of pairs, in which one review
/// was edited into the other judgement. Which of the two came first they do not say.
/// </summary>
internal static class CounterfactualImdbReader
{
    private static readonly (string Name, string Split, int Published)[] _files =
    [
        ("train", Splits.Train, 3_414), ("dev", Splits.Validation, 490), ("test", Splits.Test, 976),
    ];

    public static DataSet Read(string folder) => new(
        "counterfactual IMDb",
        folder,
        _files.SelectMany(file =>
            CsvFile.Read(DataFile.Find(folder, $"sentiment-combined-paired-{file.Name}_paired.tsv"), "Sentiment", "Text", "batch_id")
                .Select(row => new Example(
                    row["Sentiment"] switch
                    {
                        "Negative" => "negative",
                        "Positive" => "positive",
                        _ => throw row.Fault("Sentiment", "Negative or Positive"),
                    },
                    Attribute: null,
                    file.Split)
                {
                    Text = row["Text"],
                    Pair = row["batch_id"],
                })),
        _files.Select(file => new PublishedCount(file.Split, null, file.Published)));
}
