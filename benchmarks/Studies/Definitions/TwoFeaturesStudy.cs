using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.EarlyReadout.Networks;
using Microsoft.ML.FeatureSieve;

namespace Studies;

/// <summary>
/// Two features of which either gives the class away on every training row: which one does a network learn, and can validation rows on
/// which only one of them does choose a sieve that keeps it? Just Train Twice and the weights of automatic feature reweighting look for
/// rows that are wrong, and group DRO for groups that are; here no training row is, so they are left out. "balanced" is an oracle:
/// plain training on rows whose other half is random.
/// </summary>
internal sealed class TwoFeaturesStudy : ShortcutStudy
{
    private static readonly int[] _channels = [16, 32, 64];
    private readonly TwoFeaturesRows _rows;
    private readonly Feature _kept;

    /// <param name="options">What the command line asks for.</param>
    /// <param name="kept">The half that is to be kept: validation rows are labelled by it, their other half is random.</param>
    public TwoFeaturesStudy(StudyOptions options, Feature kept) : this(options, kept, new TwoFeaturesRows(options, kept))
    {
    }

    private TwoFeaturesStudy(StudyOptions options, Feature kept, TwoFeaturesRows rows) : base(options, rows) =>
        (_rows, _kept) = (rows, kept);

    protected override string Subject => $"two-features-{_kept.ToString().ToLowerInvariant()}";

    public override string Description => FormattableString.Invariant($"Pullovers over 0 and dresses over 1, {RowCount} training rows; ")
        + $"of validation and test rows the label is the {_kept.ToString().ToLowerInvariant()} half, the other one is random; "
        + FormattableString.Invariant($"1 × 56 × 28; ConvNet {string.Join('-', _channels)}, {Steps} steps of {BatchSize}.");

    protected override int OwnEpochs => 20;

    protected override double OwnRate => 0.05;

    protected override int[] IdentificationEpochs => [];

    protected override SieveSpace Space => new()
    {
        Stages = [1, 2, 3],
        Depths = [0, 1, 2],
        Widths = [32],
        ForgetEvery = [1, 5],
        ForgetRateMultiple = new(1, 30),
        ReadoutRateMultiple = new(0.2, 1),
    };

    protected override IReadOnlyList<Method> Methods =>
    [
        .. base.Methods.Where(method => method.Name is "plain" or "sieve" or "sieve-joint" or "dfr"),
        new("balanced", new Candidate("", training =>
            Alone(training with { Data = _rows.LoadBalanced(training.Ml, training.Seed) }, _ => { }))),
    ];

    protected override NetworkOptions CreateNetwork() =>
        new() { Custom = (shape, classes) => new ConvNet(shape, _channels, classes) };

    protected override IReadOnlyDictionary<string, double> TestFigures(MLContext ml, ITransformer model, StudyData data, int seed)
    {
        var figures = new Dictionary<string, double>(base.TestFigures(ml, model, data, seed));
        TwoFeatures test = _rows.Testing();
        string[] answers = [.. Answers(model.Transform(data.Test))];
        figures[StudyMetrics.SimpleRandomised] = Agreeing(test.LabelledBy(Feature.Complex).Labels);
        figures[StudyMetrics.ComplexRandomised] = Agreeing(test.LabelledBy(Feature.Simple).Labels);
        TwoFeatures decoding = _rows.Decoding(seed);
        foreach (Feature half in Enum.GetValues<Feature>())
        {
            IDataView tested = test.LabelledBy(half).ToDataView(ml);
            StudyData rows = StudyData.From(ml, TwoFeatures.Classes, decoding.LabelledBy(half).ToDataView(ml), tested, tested);
            StageProfile told = ml.MulticlassClassification.ProfileStages(
                EarlyReadoutTransformer.From(model), rows.Train, rows.Test, "Label");
            foreach (StageResult result in told.Results.Where(result => result.Stage > 0))
                figures[StudyMetrics.Decodable(half, result.Stage)] = result.Accuracy;
        }

        return figures;

        double Agreeing(string[] labels) => answers.Zip(labels, (answer, label) => answer == label ? 1.0 : 0).Average();
    }

    private static IEnumerable<string> Answers(IDataView scored)
    {
        VBuffer<ReadOnlyMemory<char>> names = default;
        scored.Schema["PredictedLabel"].GetKeyValues(ref names);
        string[] classes = [.. names.DenseValues().Select(name => name.ToString())];
        return scored.GetColumn<uint>("PredictedLabel").Select(key => classes[key - 1]);
    }
}
