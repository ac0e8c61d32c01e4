namespace Studies;

/// <summary>
/// Reads <c>all_data_with_identities.csv</c>: toxic from a rated toxicity of one half, and whether any identity is mentioned by as many
/// raters.
/// </summary>
internal static class CivilCommentsReader
{
    private const double Majority = 0.5;
    private const string AnyIdentity = "identity_any";
    private static readonly string[] Identities = ["male", "female", "LGBTQ", "christian", "muslim", "other_religions", "black", "white"];

    public static DataSet Read(string folder) => new(
        "CivilComments",
        folder,
        CsvFile.Read(DataFile.Find(folder, "all_data_with_identities.csv"), ["comment_text", "split", "toxicity", .. Identities])
            .Select(row => new Example(
            row.Number("toxicity") >= Majority ? "toxic" : "non-toxic",
            MentionsIdentity(row) ? "identity" : "no identity",
            row["split"] switch
            {
                "train" => Splits.Train,
                "val" => Splits.Validation,
                "test" => Splits.Test,
                _ => throw row.Fault("split", "train, val or test"),
            })
        {
            Text = row["comment_text"],
        }));

    private static bool MentionsIdentity(CsvRow row) =>
        row.Has(AnyIdentity) ? row.Number(AnyIdentity) >= Majority : Identities.Any(identity => row.Number(identity) >= Majority);
}
