using System.Text.RegularExpressions;

namespace Studies;

/// <summary>
/// Reads tweets that people have judged (Davidson et al. 2017; harmful: hateful or offensive) as rows of no split, and the sentences of
/// Dixon et al. 2018 as test rows. The attribute of a tweet is whether it has an identity word, that of a sentence which it has. The
/// words are those that the sentences <c>verb_adj</c> consist of.
/// </summary>
internal static partial class IdentityTermsReader
{
    public const string NoIdentity = "no identity";
    private const string Words = "verb_adj"; // a verb and nothing but the word

    public static DataSet Read(string folder)
    {
        CsvRow[] sentences =
        [
            .. CsvFile.Read(
                DataFile.Find(Path.Combine(folder, "identity-madlibs"), "bias_madlibs_77k.csv"), "Text", "Label", "Template"),
        ];
        string[] identities =
        [
            .. sentences.Where(row => row["Template"] == Words)
                .Select(row => row["Text"][(row["Text"].IndexOf(' ', StringComparison.Ordinal) + 1)..])
                .Distinct(),
        ];
        IEnumerable<CsvRow> tweets = CsvFile.Read(DataFile.Find(Path.Combine(folder, "davidson"), "labeled_data.csv"), "class", "tweet");
        return new DataSet(
            "identity terms",
            folder,
            tweets.Select(row => new Example(
                row["class"] switch { "0" or "1" => "toxic", "2" => "non-toxic", _ => throw row.Fault("class", "0, 1 or 2") },
                Identity(row["tweet"], identities) is null ? NoIdentity : "identity",
                Splits.Whole)
            {
                Text = row["tweet"],
            }).Concat(sentences.Select(row => new Example(
                row["Label"] switch { "BAD" => "toxic", "NOT_BAD" => "non-toxic", _ => throw row.Fault("Label", "BAD or NOT_BAD") },
                Identity(row["Text"], identities) ?? NoIdentity,
                Splits.Test)
            {
                Text = row["Text"],
            })),
            new PublishedCount(Splits.Whole, null, 24_783),
            new PublishedCount(Splits.Test, null, 76_564));
    }

    // The last one, since sentences begin with names, some of which are such words; of "african american" the whole.
    private static string? Identity(string text, string[] identities)
    {
        string words = $" {NoLetters().Replace(text.ToLowerInvariant(), " ")} ";
        return identities
            .Select(identity => (Identity: identity, At: words.LastIndexOf($" {identity} ", StringComparison.Ordinal)))
            .Where(found => found.At >= 0)
            .OrderByDescending(found => found.At + found.Identity.Length)
            .ThenByDescending(found => found.Identity.Length)
            .Select(found => found.Identity)
            .FirstOrDefault();
    }

    [GeneratedRegex(@"\P{L}+")]
    private static partial Regex NoLetters();
}
