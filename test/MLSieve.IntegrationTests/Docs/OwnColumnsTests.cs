using System.Reflection;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.Transforms;

namespace MLSieve.Tests;

/// <summary>The trainer of docs/own-method.md that reads columns of its own: distillation, written outside the library.</summary>
public sealed class OwnColumnsTests : IDisposable
{
    private static readonly Lazy<Assembly> _page = new(() => OwnMethodPage.Compile(OwnMethodPage.Code(1)));

    private readonly string _folder = Directory.CreateTempSubdirectory("own-columns-").FullName;

    private readonly MLContext _ml = new(seed: 1);

    [Fact]
    public void It_trains_on_its_columns_and_shows_its_meters_in_the_report()
    {
        TrainerOptions options = Options();
        options.Epochs = 20;
        using EarlyReadoutTransformer model = Trainer(options).Fit(View());
        IDataView test = View(seed: 2);
        Assert.True(_ml.MulticlassClassification.Evaluate(model.Transform(test)).MicroAccuracy > 0.8);
        Assert.Equal(["divergence", "agreement"], model.History.Meters.Select(meter => meter.Name));
        TrainingPoint last = model.History.Points[^1];
        Assert.InRange(last.Losses["divergence"], 0, 0.5 * model.History.Points[0].Losses["divergence"]);

        string page = _ml.MulticlassClassification.CreateReport(test, [new ReportedModel("Imitation", model)]).Html;
        Assert.Contains("Imitation: divergence from the imitated model", page, StringComparison.Ordinal);
        Assert.Contains("bound, equal scores: 0", page, StringComparison.Ordinal);
        Assert.Contains("It must fall towards 0.", page, StringComparison.Ordinal);
        Assert.Contains("training: agreement", page, StringComparison.Ordinal);
        Assert.Contains(FormattableString.Invariant($"<td>{last.Losses["divergence"]:0.####}</td>"), page, StringComparison.Ordinal);
        Assert.Contains(FormattableString.Invariant($"<td>{100 * last.Losses["agreement"]:0.####}</td>"), page, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_in_its_columns_is_what_it_trains_on()
    {
        using EarlyReadoutTransformer even = Trainer(Options()).Fit(View(weight: _ => 1)), uneven = Trainer(Options()).Fit(View());
        TrainerOptions options = Options();
        Set(options, "WeightColumnName", null);
        using EarlyReadoutTransformer unweighted = Trainer(options).Fit(View());
        Assert.Equal(ModelBytes.Of(even), ModelBytes.Of(unweighted));
        Assert.NotEqual(ModelBytes.Of(even), ModelBytes.Of(uneven));
    }

    [Fact]
    public void It_is_stopped_and_goes_on_to_the_same_model_with_the_same_columns_only()
    {
        using EarlyReadoutTransformer whole = Trainer(Options()).Fit(View());
        using var stop = new CancellationTokenSource();
        TrainerOptions options = Checkpointed();
        options.CancellationToken = stop.Token;
        options.OnValidation = validation =>
        {
            if (validation.Epoch >= 2) stop.Cancel();
        };
        Assert.Throws<OperationCanceledException>(() => Trainer(options).Fit(View()));

        var fault = Assert.Throws<CheckpointMismatchException>(() => Trainer(Checkpointed()).Fit(View(weight: _ => 1)));
        Assert.Contains("the training data's column 'Weight' was", fault.Message, StringComparison.Ordinal);
        using EarlyReadoutTransformer goneOn = Trainer(Checkpointed()).Fit(View());
        Assert.Equal(ModelBytes.Of(whole), ModelBytes.Of(goneOn));
        Assert.Equal(whole.History.Meters, goneOn.History.Meters);
        using EarlyReadoutTransformer again = Trainer(Checkpointed()).Fit(View()); // whose steps do not run again
        Assert.Equal(whole.History.Meters, again.History.Meters);
    }

    [Fact]
    public void A_column_that_is_missing_or_of_another_type_is_named_before_training()
    {
        IDataView without = _ml.Transforms.DropColumns("Weight").Fit(View()).Transform(View());
        Assert.StartsWith("The weight column 'Weight' is not in the data, which has ", Fault(Options(), without), StringComparison.Ordinal);
        TrainerOptions options = Options();
        Set(options, "WeightColumnName", "Features");
        Assert.Equal(
            "The weight column 'Features' is of type Vector<Single, 4>; expected Single. Give one number for each row.",
            Fault(options, View()));
        options = Options();
        Set(options, "ImitatedColumnName", "Two");
        Assert.Equal(
            "The imitated column 'Two' is of type Vector<Single, 2>; expected Vector<Single> with one slot for each of the 4 classes. "
                + "Give the probabilities of a model of the same classes.",
            Fault(options, View()));
        options = Options();
        options.ScoreColumnName = "Weight";
        Assert.Contains(
            "WeightColumnName and ScoreColumnName are both 'Weight'",
            Assert.Throws<ArgumentException>(() => Trainer(options)).Message, StringComparison.Ordinal);

        string Fault(TrainerOptions given, IDataView view) =>
            Assert.Throws<ArgumentOutOfRangeException>(() => Trainer(given).Fit(view)).Message;
    }

    [Fact]
    public void Columns_that_it_adds_itself_are_neither_in_the_data_nor_needed_to_score()
    {
        IDataView plain = _ml.Transforms.DropColumns("Imitated").Fit(View()).Transform(View());
        using EarlyReadoutTransformer imitated = _ml.MulticlassClassification.Trainers
            .EarlyReadout(new EarlyReadoutEstimator.Options { Epochs = 20, Seed = 3, Optimizer = { LearningRate = 0.1 } }).Fit(plain);
        TrainerOptions options = Options();
        options.Epochs = 20;
        Set(options, "Model", imitated);
        using EarlyReadoutTransformer model = Trainer(options).Fit(plain);
        Assert.True(model.History.Points[^1].Losses["agreement"] > 0.8);
        IDataView rows = _ml.Transforms.DropColumns("Weight").Fit(plain).Transform(plain);
        Assert.True(_ml.MulticlassClassification.Evaluate(model.Transform(rows)).MicroAccuracy > 0.8);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static TrainerOptions Options()
    {
        TrainerOptions options = OwnMethodPage.Options(_page.Value, "ImitationTrainer");
        (options.Epochs, options.ValidationFraction, options.Seed) = (3, 0.2, 3);
        options.Optimizer.LearningRate = 0.1;
        Set(options, "WeightColumnName", "Weight");
        return options;
    }

    private TrainerOptions Checkpointed()
    {
        TrainerOptions options = Options();
        options.CheckpointDirectory = _folder;
        return options;
    }

    private static void Set(TrainerOptions options, string name, object? value) =>
        options.GetType().GetProperty(name)!.SetValue(options, value);

    private IEstimator<EarlyReadoutTransformer> Trainer(TrainerOptions options) =>
        OwnMethodPage.Trainer(_page.Value, "ImitationTrainer", _ml, options);

    /// <summary>Rows with probabilities to imitate, and weights; rows whose cue misleads weigh more unless said otherwise.</summary>
    private IDataView View(int seed = 1, Func<BiasedRow, float>? weight = null)
    {
        weight ??= row => row.Cue == "agrees" ? 1 : 5;
        IDataView view = _ml.Data.LoadFromEnumerable(BiasedRow.Draw(400, seed).Select(row => new Row
        {
            Features = row.Features,
            Class = row.Class,
            Imitated = [.. row.TeacherScore.Select(score => score > 0 ? 0.91f : 0.03f)],
            Weight = weight(row),
        }));
        return _ml.Transforms.Conversion.MapValueToKey("Label", "Class", keyOrdinality: ValueToKeyMappingEstimator.KeyOrdinality.ByValue)
            .Fit(view).Transform(view);
    }

    private sealed class Row
    {
        [VectorType(4)]
        public float[] Features { get; set; } = [];

        public string Class { get; set; } = "";

        [VectorType(4)]
        public float[] Imitated { get; set; } = [];

        [VectorType(2)]
        public float[] Two { get; set; } = [0, 1];

        public float Weight { get; set; }
    }
}
