using Microsoft.ML;

namespace Studies;

/// <summary>
/// What a review judges, learned from one review of each pair and asked of both: how often does the answer follow an edit that changes
/// little but the judgement? "augmented" is an oracle: plain training on as many rows, both reviews of half of the pairs.
/// </summary>
/// <remarks>
/// Nothing is known of what misleads in a review, so the groups are the two classes, group DRO is told nothing and is left out. Validation
/// rows are whole pairs.
/// </remarks>
internal sealed class CounterfactualStudy : TextStudy
{
    /// <summary>The folder in the data folder.</summary>
    public const string Folder = "text/cad";

    private readonly TextRows _rows;

    /// <summary>Makes one.</summary>
    public CounterfactualStudy(StudyOptions options)
        : this(options, Rows(options))
    {
    }

    private CounterfactualStudy(StudyOptions options, TextRows rows) : base(options, rows) => _rows = rows;

    public override string FinalFigure => StudyMetrics.EditsFollowed;

    public override string? GroupColumn => null; // the groups are the classes

    protected override string Subject => "imdb-counterfactual";

    protected override string Question => "Counterfactually augmented IMDb, one review of each pair in training, whole pairs in the test";

    protected override int MaxTokens => 256;

    protected override int BatchSize => 16;

    protected override IReadOnlyList<Method> Methods =>
    [
        .. base.Methods.Where(method => method.Name != "group-dro"),
        new("augmented", new Candidate("", training =>
            Alone(training with { Data = _rows.Load(training.Ml, training.Seed, HalfOfThePairs) }, _ => { }))),
    ];

    /// <summary>One review of each pair in training, drawn by the seed, and whole pairs in validation and test.</summary>
    public static TextRows Rows(StudyOptions options) =>
        new(options, () => DataSets.CounterfactualImdb(options.Folder(Folder)), OneOfEach);

    private static DataSet OneOfEach(DataSet set, int seed)
    {
        Random random = RandomSources.For(seed, RandomSources.Rows);
        return WithTraining(set, pairs => pairs.Select(pair => pair[random.Next(pair.Length)]));
    }

    /// <summary>As many training rows, whole pairs.</summary>
    public static DataSet HalfOfThePairs(DataSet set, int seed)
    {
        Random random = RandomSources.For(seed, RandomSources.Rows);
        return WithTraining(set, pairs =>
        {
            random.Shuffle(pairs);
            return pairs.SelectMany(pair => pair).Take(pairs.Length);
        });
    }

    private static DataSet WithTraining(DataSet set, Func<Example[][], IEnumerable<Example>> draw) => new(
        set.Name, set.Name,
        set.Examples.Where(example => example.Split != Splits.Train)
            .Concat(draw([.. set.Of(Splits.Train).GroupBy(example => example.Pair).Select(pair => pair.ToArray())])));
}
