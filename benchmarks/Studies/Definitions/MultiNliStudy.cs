namespace Studies;

/// <summary>
/// What a sentence says of another: entailment, neutral or contradiction, which goes with negation words in the hypothesis (Gururangan et
/// al. 2018; groups as Sagawa et al. 2020).
/// </summary>
/// <param name="options">What the command line asks for.</param>
/// <param name="name">The study's name.</param>
/// <param name="question">Which rows, for the report.</param>
/// <param name="rows">The rows.</param>
internal sealed class MultiNliStudy(StudyOptions options, string name, string question, IStudyRows rows) : TextStudy(options, rows)
{
    /// <summary>The folder of the matched development set in the data folder.</summary>
    public const string Folder = "nli";

    /// <summary>The folder of all published files.</summary>
    public const string PublishedFolder = "multinli";

    /// <summary>The most tokens of a pair.</summary>
    public const int Tokens = 64;

    private const int Rare = 200; // rows of a group: without negation there are thousands, with it 87, 91 and 504

    protected override string Subject => name;

    protected override string Question => question;

    protected override int MaxTokens => Tokens;

    protected override string SecondTextColumn => TextRows.SecondText;

    /// <summary>The matched development set alone, in a split of our own.</summary>
    public static MultiNliStudy OfDevelopmentSet(StudyOptions options) => new(
        options, "multinli", "MultiNLI's matched development set, groups by negation words, a split of our own", Rows(options));

    /// <summary>The published files in their own splits.</summary>
    public static MultiNliStudy OfPublished(StudyOptions options) => new(
        options, "multinli-published", "MultiNLI as published, groups by negation words",
        new TextRows(options, () => DataSets.MultiNli(options.Folder(PublishedFolder))));

    /// <summary>The rows of the development set, for other studies of the same data.</summary>
    public static TextRows Rows(StudyOptions options) => new(options, () => DataSets.MultiNli(options.Folder(Folder)), Split);

    /// <summary>
    /// Splits each group by itself: a fifth is for the test, of a rare one half, the same for every seed; a tenth validates, of a rare one
    /// a fifth.
    /// </summary>
    /// <param name="set">The rows.</param>
    /// <param name="seed">Draws what validates.</param>
    private static DataSet Split(DataSet set, int seed)
    {
        Random testing = RandomSources.For(RandomSources.TestSeed, RandomSources.Rows);
        Random validating = RandomSources.For(seed, RandomSources.Rows);
        return new DataSet(
            set.Name, set.Name,
            set.Examples.GroupBy(example => example.Group).OrderBy(group => group.Key, StringComparer.Ordinal).SelectMany(SplitGroup));

        IEnumerable<Example> SplitGroup(IGrouping<string, Example> group)
        {
            Example[] rows = [.. group];
            testing.Shuffle(rows);
            (int test, int validation) = rows.Length < Rare
                ? (rows.Length / 2, rows.Length / 5)
                : (rows.Length / 5, rows.Length / 10);
            validating.Shuffle(rows.AsSpan(test));
            return rows.Select((row, i) => row with
            {
                Split = i < test ? Splits.Test : i < test + validation ? Splits.Validation : Splits.Train,
            });
        }
    }
}
