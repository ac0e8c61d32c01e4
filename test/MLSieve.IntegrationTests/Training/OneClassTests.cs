using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.FeatureSieve;
using Microsoft.ML.Runtime;
using Microsoft.ML.Transforms;

namespace MLSieve.Tests;

/// <summary>A model that answers one class whatever it reads says so, and what to change; every other model does not.</summary>
public sealed class OneClassTests
{
    private readonly MLContext _ml = new(seed: 1);
    private readonly List<string> _warnings = [];

    public OneClassTests() => _ml.Log += (_, entry) =>
    {
        if (entry.Kind == ChannelMessageKind.Warning) _warnings.Add(entry.RawMessage);
    };

    public static TheoryData<string, string> Advices => new()
    {
        { "plain", "weigh them alike (Objective.Kind = ClassBalanced)." },
        { "Just Train Twice", "Lower Objective.JustTrainTwice.UpWeight" },
        { "sieve", "Lower ForgetLearningRate or raise ForgetEvery" },
        { "distillation", "Lower Beta or set WeightCap" },
    };

    [Theory]
    [MemberData(nameof(Advices))]
    public void A_model_that_answers_one_class_for_every_row_is_a_warning_that_says_what_to_change(string name, string advice)
    {
        TrainerOptions options = name switch
        {
            "sieve" => new FeatureSieveTrainer.Options(),
            "distillation" => new DebiasedDistillationTrainer.Options { Beta = 0.01, Teacher = { ScoreColumnName = "Teacher" } },
            "plain" => new EarlyReadoutEstimator.Options(),
            _ => new EarlyReadoutEstimator.Options
            {
                Objective = { Kind = ObjectiveKind.JustTrainTwice, JustTrainTwice = { UpWeight = 1 } },
            },
        };
        (options.Epochs, options.Optimizer.Kind, options.Optimizer.LearningRate) = (10, OptimizerKind.Sgd, 0.05);
        Fit(options, rare: row => row % 10 == 0, separable: false).Dispose();
        string warning = Assert.Single(_warnings, text => text.StartsWith("The model answers ", StringComparison.Ordinal));
        Assert.StartsWith("The model answers 'often' for every one of the 400 training rows, 360 of which (90.0 %) are of that class: "
            + "it has learned nothing from the features. Raise Optimizer.LearningRate or Epochs, ", warning, StringComparison.Ordinal);
        Assert.Contains(advice, warning, StringComparison.Ordinal);
    }

    [Fact]
    public void A_sieve_that_never_forgets_is_not_told_to_forget_less()
    {
        var options = new FeatureSieveTrainer.Options
        {
            ForgetEvery = 0,
            Epochs = 10,
            Optimizer = { Kind = OptimizerKind.Sgd, LearningRate = 0.05 },
        };
        Fit(options, rare: row => row % 10 == 0, separable: false).Dispose();
        string warning = Assert.Single(_warnings, text => text.StartsWith("The model answers ", StringComparison.Ordinal));
        Assert.DoesNotContain("Forget", warning, StringComparison.Ordinal);
    }

    [Fact]
    public void A_rare_answer_among_rows_that_are_not_looked_at_first_is_found()
    {
        var options = new EarlyReadoutEstimator.Options { Epochs = 30, Optimizer = { LearningRate = 0.1 } };
        HashSet<int> sample = [.. Enumerable.Range(0, 64).Select(i => i * 400 / 64)];
        int[] rare = [.. Enumerable.Range(0, 400).Where(row => !sample.Contains(row)).TakeLast(4)];
        using EarlyReadoutTransformer model = Fit(options, rare.Contains, separable: true);
        IDataView scored = model.Transform(View(rare.Contains, separable: true));
        Assert.Equal(4, scored.GetColumn<uint>("PredictedLabel").Count(answer => answer == 2));
        Assert.Empty(_warnings);
    }

    private EarlyReadoutTransformer Fit(TrainerOptions options, Func<int, bool> rare, bool separable)
    {
        options.Network.HiddenUnits = [8];
        return options.Estimator(_ml).Fit(View(rare, separable));
    }

    private IDataView View(Func<int, bool> rare, bool separable)
    {
        var random = new Random(3);
        Row[] rows = [.. Enumerable.Range(0, 400).Select(i => new Row
        {
            Class = rare(i) ? "seldom" : "often",
            Features = [random.NextSingle(), separable && rare(i) ? 3 : random.NextSingle()],
            Teacher = rare(i) ? [0, 2] : [2, 0],
        })];
        IDataView view = _ml.Data.LoadFromEnumerable(rows);
        const ValueToKeyMappingEstimator.KeyOrdinality byValue = ValueToKeyMappingEstimator.KeyOrdinality.ByValue;
        return _ml.Transforms.Conversion.MapValueToKey("Label", nameof(Row.Class), keyOrdinality: byValue).Fit(view).Transform(view);
    }

    private sealed class Row
    {
        public string Class { get; set; } = "";

        [VectorType(2)]
        public float[] Features { get; set; } = [];

        [VectorType(2)]
        public float[] Teacher { get; set; } = [];
    }
}
