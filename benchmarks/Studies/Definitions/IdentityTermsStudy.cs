using Microsoft.ML;

namespace Studies;

/// <summary>
/// Whether a text is harmful, learned from tweets and asked of sentences that differ in the identity that they name: does the word alone
/// make a harmless sentence harmful?
/// </summary>
/// <remarks>
/// What counts is the worst identity's area under the curve: tweets and made-up sentences differ, so that the threshold of the one says
/// little of the other. As many harmful tweets are drawn as there are harmless ones.
/// </remarks>
internal sealed class IdentityTermsStudy(StudyOptions options)
    : TextStudy(options, new TextRows(options, () => DataSets.IdentityTerms(options.Folder(Folder)), Split))
{
    /// <summary>The folder in the data folder.</summary>
    public const string Folder = "text";

    private const double ValidationFraction = 0.2;
    private const int TestRows = 100; // of each class and identity

    public override string FinalFigure => StudyMetrics.WorstIdentity;

    protected override string Subject => "identity-terms";

    protected override string Question => "Harmful tweets, groups by whether an identity is named; tested on sentences by identity";

    protected override int MaxTokens => 64;

    protected override IReadOnlyDictionary<string, double> TestFigures(MLContext ml, ITransformer model, StudyData data, int seed)
    {
        IDataView scored = StudyMetrics.Score(ml, model, data.Test);
        IReadOnlyDictionary<string, double> areas = StudyMetrics.AreasByCue(ml, scored);
        return new Dictionary<string, double>(StudyMetrics.Evaluate(ml, scored, StudyMetrics.ReadoutsOf(model)))
        {
            [StudyMetrics.WorstIdentity] = areas.Where(area => area.Key != IdentityTermsReader.NoIdentity).Min(area => area.Value),
        };
    }

    private static DataSet Split(DataSet set, int seed)
    {
        Random drawing = RandomSources.For(seed, RandomSources.Rows);
        Random testing = RandomSources.For(RandomSources.TestSeed, RandomSources.Rows);
        Example[][] tweets = [.. set.Of(Splits.Whole).GroupBy(tweet => tweet.Label).Select(label => Shuffled(label, drawing))];
        int rows = tweets.Min(label => label.Length), held = (int)(rows * ValidationFraction);
        return new DataSet(
            set.Name, set.Name,
            tweets.SelectMany(label => label.Take(rows))
                .Select((tweet, i) => tweet with { Split = i % rows < held ? Splits.Validation : Splits.Train })
                .Concat(set.Of(Splits.Test).GroupBy(row => row.Group).SelectMany(group => Shuffled(group, testing).Take(TestRows))));
    }

    private static Example[] Shuffled(IEnumerable<Example> rows, Random random)
    {
        Example[] all = [.. rows];
        random.Shuffle(all);
        return all;
    }
}
