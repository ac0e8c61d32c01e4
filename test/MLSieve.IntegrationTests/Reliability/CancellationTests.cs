using System.Reflection;
using Microsoft.ML;
using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

public sealed class CancellationTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("cancel-").FullName;

    public static TheoryData<string> Cases => [.. TrainingCase.Names];

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_token_stops_every_training_within_one_batch_wherever_it_is(string name)
    {
        int all = Batches(name);
        NativeBackend.EnsureLoaded();
        // the last ones compare the network with its graph
        foreach (int at in Enumerable.Range(0, all).Where(batch => batch % 4 == 0).Append(all - 1).Select(batch => batch + 1))
        {
            using var stop = new CancellationTokenSource();
            TrainerOptions options = TrainingCase.Options(name);
            options.CancellationToken = stop.Token;
            int seen = StopAt(options, at, stop.Cancel, out Func<int> count);
            using (NativeLeakCheck.Start())
                Assert.ThrowsAny<OperationCanceledException>(() => TrainingCase.Fit(options));
            Assert.InRange(count(), at, at + 1); // a readout's probe and its first batch are two
        }
    }

    [Fact]
    public void The_context_stops_a_training_as_a_token_does()
    {
        var ml = new MLContext(seed: 1);
        TrainerOptions options = TrainingCase.Options("sieve");
        // What AutoML calls at the end of a trial's time; ML.NET keeps it internal.
        MethodInfo cancel = typeof(MLContext).GetMethod(
            "CancelExecution", BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public)!;
        StopAt(options, 4, () => cancel.Invoke(ml, null), out Func<int> count);
        Assert.ThrowsAny<OperationCanceledException>(() => TrainingCase.Fit(options, ml));
        Assert.Equal(4, count());
    }

    [Fact]
    public void Reading_stops_too_by_what_the_pipeline_has_read_ahead()
    {
        var ml = new MLContext(seed: 1);
        using var stop = new CancellationTokenSource();
        TrainerOptions options = TrainingCase.Options("sieve");
        options.CancellationToken = stop.Token;
        options.OnCancellation = CancellationBehavior.ReturnBest; // there is none yet
        int read = int.MinValue;
        IEnumerable<BiasedRow> rows = BiasedRow.Draw(20_000).Select(row =>
        {
            if (++read == 100) stop.Cancel();
            return row;
        });
        IDataView view = BiasedRow.View(ml, rows);
        read = 0; // the keys have been learned
        Assert.ThrowsAny<OperationCanceledException>(() => options.Estimator(ml).Fit(view));
        Assert.InRange(read, 100, 5_000);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void By_option_the_best_model_so_far_is_returned_and_the_training_can_go_on_later(string name)
    {
        byte[] whole = TrainingCase.FitToBytes(TrainingCase.Options(name));
        int all = Batches(name);
        using var stop = new CancellationTokenSource();
        TrainerOptions options = TrainingCase.Options(name);
        (options.CancellationToken, options.OnCancellation,
        options.CheckpointDirectory) = (stop.Token, CancellationBehavior.ReturnBest, _folder);
        StopAt(options, all - 6, stop.Cancel, out Func<int> count);
        using (EarlyReadoutTransformer best = TrainingCase.Fit(options))
        {
            var ml = new MLContext();
            Assert.InRange(ml.MulticlassClassification.Evaluate(best.Transform(TrainingCase.Rows(ml))).MicroAccuracy, 0.25, 1);
        }

        Assert.InRange(count(), all - 6, all - 1);
        TrainerOptions later = TrainingCase.Options(name);
        later.CheckpointDirectory = _folder;
        Assert.Equal(whole, TrainingCase.FitToBytes(later));
    }

    [Fact]
    public void The_model_that_is_returned_is_that_of_the_best_epoch()
    {
        byte[] twoEpochs = TrainingCase.FitToBytes(With(options => options.Epochs = 2));
        using var stop = new CancellationTokenSource();
        TrainerOptions options = With(
            each => (each.CancellationToken, each.OnCancellation, each.Selection) = (stop.Token, CancellationBehavior.ReturnBest,
            SelectionMetric.AverageAccuracy));
        int perEpoch = Batches("group DRO", epochs: 2) - Batches("group DRO", epochs: 1);
        StopAt(options, 2 * perEpoch + 4, stop.Cancel, out _); // in the third epoch
        Assert.Equal(twoEpochs, TrainingCase.FitToBytes(options));

        static TrainerOptions With(Action<TrainerOptions> set)
        {
            TrainerOptions options = TrainingCase.Options("group DRO");
            set(options);
            return options;
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)] // … and in two parts, so that the head that was there comes from a checkpoint
    public void A_head_that_is_half_fitted_gives_way_to_the_one_before_it(bool resumed)
    {
        EarlyReadoutEstimator.Options plain = Options();
        plain.Objective.Kind = ObjectiveKind.EmpiricalRisk;
        byte[] expected = TrainingCase.FitToBytes(plain);

        if (resumed)
        {
            using var first = new CancellationTokenSource();
            EarlyReadoutEstimator.Options begun = Options();
            (begun.CancellationToken, begun.CheckpointDirectory) = (first.Token, _folder);
            StopAt(begun, 26, first.Cancel, out _); // the row that measures, 21 steps and 3 validations, then the embeddings
            Assert.ThrowsAny<OperationCanceledException>(() => TrainingCase.Fit(begun));
        }

        using var stop = new CancellationTokenSource();
        EarlyReadoutEstimator.Options options = Options();
        (options.CancellationToken, options.OnCancellation) = (stop.Token, CancellationBehavior.ReturnBest);
        if (resumed) options.CheckpointDirectory = _folder;
        StopAt(options, resumed ? 2 : 26, stop.Cancel, out _);
        Assert.Equal(expected, TrainingCase.FitToBytes(options));

        static EarlyReadoutEstimator.Options Options() => (EarlyReadoutEstimator.Options)TrainingCase.Options("deep feature reweighting");
    }

    [Fact]
    public void A_head_that_is_fitted_anew_is_returned_without_figures_where_its_validation_is_cancelled()
    {
        TrainerOptions uninterrupted = Options(), options = Options();
        StopAt(uninterrupted, int.MaxValue, () => { }, out Func<int> count);
        using EarlyReadoutTransformer whole = TrainingCase.Fit(uninterrupted);
        Assert.NotNull(whole.History.Refitted!.ValidationScore);

        using var stop = new CancellationTokenSource();
        (options.CancellationToken, options.OnCancellation) = (stop.Token, CancellationBehavior.ReturnBest);
        StopAt(options, count() - 3, stop.Cancel, out _); // three batches validate; the last one compares the network with its graph
        using EarlyReadoutTransformer model = TrainingCase.Fit(options);
        Assert.Equal(ModelBytes.Of(whole), ModelBytes.Of(model));
        TrainingPoint refitted = model.History.Refitted!;
        Assert.Equal((model.History.Selected!.Step, (double?)null, 0), (refitted.Step, refitted.ValidationScore, refitted.Groups.Count));

        static TrainerOptions Options()
        {
            TrainerOptions options = TrainingCase.Options("deep feature reweighting");
            (options.ValidationFraction, options.ValidationSet) = (0, TrainingCase.Rows(new MLContext(seed: 1), 600));
            return options;
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void Where_readouts_alone_are_trained_they_are_returned_as_they_are_once_a_step_is_done(int steps)
    {
        using EarlyReadoutTransformer network = TrainingCase.Fit(TrainingCase.Options("readouts afterwards"));
        using var stop = new CancellationTokenSource();
        EarlyReadoutEstimator.Options options = Options(epochs: 3);
        (options.CancellationToken, options.OnCancellation) = (stop.Token, CancellationBehavior.ReturnBest);
        StopAt(options, 2 + steps, stop.Cancel, out _); // a row that measures, a readout's probe
        if (steps == 0) Assert.ThrowsAny<OperationCanceledException>(() => TrainingCase.Fit(options));
        else Assert.Equal(TrainingCase.FitToBytes(Options(steps)), TrainingCase.FitToBytes(options));

        EarlyReadoutEstimator.Options Options(int epochs)
        {
            var alone = (EarlyReadoutEstimator.Options)TrainingCase.Options("readouts afterwards");
            (alone.TrainedPart, alone.StartFrom, alone.Epochs, alone.ValidationFraction) = (TrainedPart.None, network, null, 0);
            (alone.ReadoutEpochs, alone.BatchSize) = (epochs, 300); // of one step each
            return alone;
        }
    }

    [Fact]
    public void A_last_layer_that_is_not_trained_on_yet_is_returned_as_it_was_trained()
    {
        EarlyReadoutEstimator.Options unmoved = Options(), options = Options();
        byte[] whole = TrainingCase.FitToBytes(options);
        unmoved.Objective.AutomaticFeatureReweighting.LearningRate = 1e-30; // too little to change a float
        byte[] expected = TrainingCase.FitToBytes(unmoved);
        Assert.NotEqual(whole, expected);

        using var stop = new CancellationTokenSource();
        (options.CancellationToken, options.OnCancellation) = (stop.Token, CancellationBehavior.ReturnBest);
        // The row that measures, a readout's probe, 18 steps and 3 validations, then the held-out rows' embeddings.
        StopAt(options, 24, stop.Cancel, out _);
        Assert.Equal(expected, TrainingCase.FitToBytes(options));

        static EarlyReadoutEstimator.Options Options() =>
            (EarlyReadoutEstimator.Options)TrainingCase.Options("automatic feature reweighting");
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_cancellation_that_comes_when_all_is_trained_returns_the_whole_model(string name)
    {
        byte[] whole = TrainingCase.FitToBytes(TrainingCase.Options(name));
        using var stop = new CancellationTokenSource();
        TrainerOptions options = TrainingCase.Options(name);
        (options.CancellationToken, options.OnCancellation) = (stop.Token, CancellationBehavior.ReturnBest);
        StopAt(options, Batches(name), stop.Cancel, out _); // the last batch compares the network with its graph
        Assert.Equal(whole, TrainingCase.FitToBytes(options));
    }

    [Theory]
    [InlineData(3, 1)] // within the first epoch
    [InlineData(11, 2)]
    [InlineData(8, 1)] // at its end
    public void Without_validation_the_epoch_that_is_returned_is_the_last_one_of_the_history(int steps, int epoch)
    {
        using var stop = new CancellationTokenSource();
        TrainerOptions options = TrainingCase.Options("group DRO");
        (options.CancellationToken, options.OnCancellation, options.ValidationFraction) = (stop.Token, CancellationBehavior.ReturnBest, 0);
        options.BatchSize = 33; // 8 steps an epoch
        StopAt(options, 2 + steps, stop.Cancel, out _); // a row that measures, a readout's probe
        using EarlyReadoutTransformer model = TrainingCase.Fit(options);
        Assert.Equal(Enumerable.Range(1, epoch).Select(each => Math.Min(8L * each, steps)), model.History.Points.Select(each => each.Step));
        Assert.Equal((steps, steps / 8.0), (model.History.Selected!.Step, model.History.Selected.Epoch));
        Assert.All(model.History.Points, each => Assert.InRange(each.Losses["main"], 1e-3, 3));
    }

    [Fact]
    public void A_cancellation_when_all_is_trained_throws_with_the_trained_network()
    {
        byte[] whole = TrainingCase.FitToBytes(TrainingCase.Options("sieve"));
        using var stop = new CancellationTokenSource();
        TrainerOptions options = TrainingCase.Options("sieve");
        options.CancellationToken = stop.Token;
        StopAt(options, Batches("sieve"), stop.Cancel, out _); // the last batch compares the network with its graph
        var fault = Assert.Throws<ModelExportCanceledException>(() => TrainingCase.Fit(options));
        Assert.Equal(stop.Token, fault.CancellationToken);
        using EarlyReadoutTransformer model = fault.Model!;
        Assert.Equal(whole, ModelBytes.Of(model));
        string weights = Path.Combine(_folder, "weights.safetensors");
        fault.SaveWeights(weights);
        using SafetensorsFile file = SafetensorsFile.Open(weights);
        Assert.Contains("head.0.weight", file.Names);
    }

    [Fact]
    public void Before_the_first_step_there_is_no_model_to_return()
    {
        using var stop = new CancellationTokenSource();
        stop.Cancel();
        TrainerOptions options = TrainingCase.Options("Just Train Twice");
        (options.CancellationToken, options.OnCancellation) = (stop.Token, CancellationBehavior.ReturnBest);
        Assert.ThrowsAny<OperationCanceledException>(() => TrainingCase.Fit(options));

        using var later = new CancellationTokenSource();
        options.CancellationToken = later.Token;
        StopAt(options, 9, later.Cancel, out _); // in the identification, whose network is thrown away
        Assert.ThrowsAny<OperationCanceledException>(() => TrainingCase.Fit(options));
    }

    private static int Batches(string name, int epochs = 3)
    {
        TrainerOptions options = TrainingCase.Options(name);
        options.Epochs = epochs;
        StopAt(options, int.MaxValue, () => { }, out Func<int> count);
        TrainingCase.Fit(options).Dispose();
        return count();
    }

    /// <summary>Calls something before a batch, and counts batches.</summary>
    private static int StopAt(TrainerOptions options, int batch, Action stop, out Func<int> count)
    {
        int seen = 0;
        WatchedNetwork.Count(options, number =>
        {
            seen = number;
            if (number == batch) stop();
        });
        count = () => seen;
        return batch;
    }
}
