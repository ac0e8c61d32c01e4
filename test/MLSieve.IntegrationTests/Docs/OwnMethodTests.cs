using System.Reflection;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.EarlyReadout.Training;
using Microsoft.ML.FeatureSieve;
using static TorchSharp.torch;

namespace MLSieve.Tests;

/// <summary>The trainer of docs/own-method.md, as the page has it, is a trainer like those of the library.</summary>
public sealed class OwnMethodTests
{
    private static readonly Lazy<Assembly> _page = new(() => OwnMethodPage.Compile(OwnMethodPage.Code(0)));

    private readonly MLContext _ml = new(seed: 1);

    [Fact]
    public void The_sieve_sees_no_more_of_the_library_than_a_method_of_your_own()
    {
        IEnumerable<string> friends = typeof(EarlyReadoutTransformer).Assembly
            .GetCustomAttributes<System.Runtime.CompilerServices.InternalsVisibleToAttribute>().Select(friend => friend.AssemblyName);
        Assert.DoesNotContain(typeof(FeatureSieveTrainer).Assembly.GetName().Name, friends);
    }

    [Fact]
    public void Its_options_are_validated_with_those_of_every_trainer()
    {
        TrainerOptions options = Options();
        options.BatchSize = 0;
        options.GetType().GetProperty("Gamma")!.SetValue(options, 0.5);
        var error = Assert.Throws<ArgumentException>(() => Trainer(options));
        string[] lines = error.Message.Split(Environment.NewLine);
        Assert.Equal(
            [
                "FocalLossTrainer.Options has 2 faults:",
                "- BatchSize is 0; it must be at least 1.",
                "- Gamma is 0.5; it must be at least 1.",
            ], lines);
    }

    [Fact]
    public void It_trains_and_tells_of_it_and_is_exported_saved_and_reported()
    {
        IDataView train = BiasedRow.View(_ml), test = BiasedRow.View(_ml, seed: 2);
        var log = new List<string>();
        _ml.Log += (_, line) => log.Add(line.RawMessage);
        TrainerOptions options = Options();
        options.Epochs = 20;
        using EarlyReadoutTransformer model = Trainer(options).Fit(train);

        IDataView scored = model.Transform(test);
        Assert.True(_ml.MulticlassClassification.Evaluate(scored).MicroAccuracy > 0.8);
        Assert.All(model.History.Points, point => Assert.Equal(["focal"], point.Losses.Keys));
        Assert.True(model.History.Points[^1].Losses["focal"] < 0.5 * model.History.Points[0].Losses["focal"]);
        Assert.Equal("2", model.History.Settings["Gamma"]);
        Assert.Contains(log, line => line.Contains("focal loss 0", StringComparison.Ordinal));

        using var onnx = new MemoryStream();
        model.SaveAsOnnx(onnx);
        Assert.True(onnx.Length > 0);
        using var saved = new MemoryStream();
        _ml.Model.Save(model, train.Schema, saved);
        saved.Position = 0;
        using var stock = (TransformerChain<ITransformer>)_ml.Model.Load(saved, out _);
        Assert.Equal(Predicted(scored), Predicted(stock.Transform(test)));

        string page = _ml.MulticlassClassification.CreateReport(test, [new ReportedModel("Focal", model)]).Html;
        Assert.Contains("focal", page, StringComparison.Ordinal);
    }

    [Fact]
    public void A_figure_that_the_step_does_not_declare_is_an_error_that_names_it()
    {
        string code = OwnMethodPage.Code(0).Replace("[new(\"focal\", MeterUnit.Nats)]", "[]", StringComparison.Ordinal);
        Assembly block = OwnMethodPage.Compile(code);
        TrainerOptions options = OwnMethodPage.Options(block, "FocalLossTrainer");
        options.Epochs = 1;
        IEstimator<EarlyReadoutTransformer> trainer = OwnMethodPage.Trainer(block, "FocalLossTrainer", _ml, options);
        Assert.Equal(
            "FocalStep reports 'focal', which its Meters do not declare. Add a Meter of that name to them.",
            Assert.Throws<InvalidOperationException>(() => trainer.Fit(BiasedRow.View(_ml))).Message);
    }

    [Theory]
    [InlineData("")]
    [InlineData("Training")]
    [InlineData("warm up")]
    [InlineData("a/b")]
    public void A_loop_of_its_own_has_a_name_of_its_own_that_a_checkpoint_can_hold(string name) => Assert.StartsWith(
        $"A training cannot be called '{name}'; give it a name of its own, of ASCII letters, digits and hyphens.",
        Assert.Throws<ArgumentException>(() => Run($"session.Train(\"{name}\", step, 1);")).Message, StringComparison.Ordinal);

    [Fact]
    public void Two_loops_of_its_own_cannot_have_one_name() => Assert.Equal(
        "This fit has run a training 'warm-up' before, and a checkpoint could not tell the two apart. Give each a name of its own.",
        Assert.Throws<InvalidOperationException>(
            () => Run("session.Train(\"warm-up\", step, 1); session.Train(\"warm-up\", step, 1);")).Message);

    [Fact]
    public void A_loop_of_its_own_passes_over_the_rows_once_at_least() => Assert.Equal(
        "epochs", Assert.Throws<ArgumentOutOfRangeException>(() => Run("session.Train(\"warm-up\", step, 0);")).ParamName);

    [Fact]
    public void Steps_go_on_in_training_mode_after_a_training_within_one()
    {
        var step = new OtherStep(session => session.Train("within", new OtherStep(_ => { }) { NeedsTrainingMode = false }, 1));
        new OtherTrainer(_ml, new() { Epochs = 2, BatchSize = 128, Taps = [] }, step).Fit(BiasedRow.View(_ml)).Dispose();
        Assert.Equal(Enumerable.Repeat(true, 8), step.Modes);
    }

    [Fact]
    public void What_comes_before_an_epoch_is_done_once_also_where_the_training_is_stopped_behind_it()
    {
        string folder = Directory.CreateTempSubdirectory("own-method-").FullName;
        try
        {
            using var stop = new CancellationTokenSource();
            var step = new OtherStep(_ => { }) { Before = epoch => { if (epoch == 2) stop.Cancel(); } };
            Assert.ThrowsAny<OperationCanceledException>(() => Fit(step, stop.Token));
            Assert.Equal([1, 2], step.Epochs);
            step = new OtherStep(_ => { });
            Fit(step, TestContext.Current.CancellationToken);
            Assert.Equal([3], step.Epochs);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        void Fit(OtherStep step, CancellationToken stop) => new OtherTrainer(
            _ml, new() { Epochs = 3, Taps = [], Seed = 3, CheckpointDirectory = folder, CancellationToken = stop }, step)
            .Fit(BiasedRow.View(_ml)).Dispose();
    }

    [Fact]
    public void It_has_the_seed_of_the_context_that_it_is_made_with()
    {
        float[] expected = Drawn(new MLContext(), new() { Seed = 1 });
        Assert.Equal(expected, Drawn(new MLContext(seed: 1), new()));
        Assert.NotEqual(expected, Drawn(new MLContext(seed: 2), new()));

        static float[] Drawn(MLContext ml, EarlyReadoutEstimator.Options options)
        {
            (options.Epochs, options.Taps) = (1, []);
            var step = new OtherStep(_ => { }); // it moves no weight: the network stays as it is drawn
            using EarlyReadoutTransformer model = new OtherTrainer(ml, options, step).Fit(BiasedRow.View(ml));
            return TrainingCase.Scores(model);
        }
    }

    [Fact]
    public void It_stops_where_the_context_that_it_is_made_with_is_cancelled()
    {
        // What AutoML calls at the end of a trial's time; ML.NET keeps it internal.
        MethodInfo cancel = typeof(MLContext).GetMethod(
            "CancelExecution", BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public)!;
        int batches = 0;
        var step = new OtherStep(_ =>
        {
            if (++batches == 3) cancel.Invoke(_ml, null);
        });
        var trainer = new OtherTrainer(_ml, new() { Epochs = 2, BatchSize = 128, Taps = [] }, step);
        var fault = Assert.Throws<OperationCanceledException>(() => trainer.Fit(BiasedRow.View(_ml)));
        Assert.Equal("The MLContext's execution was cancelled.", fault.Message);
        Assert.Equal(3, batches);
    }

    [Fact]
    public void It_is_stopped_and_goes_on_to_the_same_model()
    {
        string folder = Directory.CreateTempSubdirectory("own-method-").FullName;
        try
        {
            IDataView train = BiasedRow.View(_ml);
            using EarlyReadoutTransformer whole = Trainer(Options()).Fit(train);

            using var stop = new CancellationTokenSource();
            TrainerOptions options = Options();
            options.CheckpointDirectory = folder;
            options.CancellationToken = stop.Token;
            options.OnValidation = validation =>
            {
                if (validation.Epoch >= 2) stop.Cancel();
            };
            Assert.Throws<OperationCanceledException>(() => Trainer(options).Fit(train));

            options = Options();
            options.CheckpointDirectory = folder;
            using EarlyReadoutTransformer goneOn = Trainer(options).Fit(train);
            Assert.Equal(3, goneOn.History.Points.Count);
            Assert.Equal(ModelBytes.Of(whole), ModelBytes.Of(goneOn));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static TrainerOptions Options()
    {
        TrainerOptions options = OwnMethodPage.Options(_page.Value, "FocalLossTrainer");
        (options.Epochs, options.ValidationFraction, options.Seed) = (3, 0.2, 3);
        options.Optimizer.LearningRate = 0.1;
        return options;
    }

    private IEstimator<EarlyReadoutTransformer> Trainer(TrainerOptions options) =>
        OwnMethodPage.Trainer(_page.Value, "FocalLossTrainer", _ml, options);

    /// <summary>Fits the page's trainer with other lines in place of the one that runs its step.</summary>
    private void Run(string lines)
    {
        Assembly block = OwnMethodPage.Compile(OwnMethodPage.Code(0).Replace("session.Train(step);", lines, StringComparison.Ordinal));
        OwnMethodPage.Trainer(block, "FocalLossTrainer", _ml, OwnMethodPage.Options(block, "FocalLossTrainer")).Fit(BiasedRow.View(_ml));
    }

    private static uint[] Predicted(IDataView view) => [.. view.GetColumn<uint>("PredictedLabel")];

    /// <summary>A trainer that runs a step which it is given.</summary>
    private sealed class OtherTrainer(MLContext ml, EarlyReadoutEstimator.Options options, OtherStep step)
        : NetworkTrainer<EarlyReadoutEstimator.Options>(ml, options)
    {
        protected override void Train(TrainingSession session, EarlyReadoutEstimator.Options options)
        {
            step.Session = session;
            session.Train(step);
        }
    }

    /// <summary>A step that moves no weight.</summary>
    private sealed class OtherStep(Action<TrainingSession> run) : ITrainingStep
    {
        public TrainingSession? Session { get; set; }

        public Action<int> Before { get; init; } = _ => { };

        public bool NeedsTrainingMode { get; init; } = true;

        public List<bool> Modes { get; } = [];

        public List<int> Epochs { get; } = [];

        public IEnumerable<(string Name, Tensor Tensor)> State => [];

        public IReadOnlyList<Meter> Meters => [];

        public void BeforeEpoch(int epoch)
        {
            Epochs.Add(epoch);
            Before(epoch);
        }

        public void Run(Batch batch, in StepContext context)
        {
            if (Session is not { } session) return; // that of a loop within another
            Modes.Add(session.Network.training);
            run(session);
        }

        public string Describe(IReadOnlyDictionary<string, double> losses) => "no loss";

        public void Dispose() { }
    }
}
