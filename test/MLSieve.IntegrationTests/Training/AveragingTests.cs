using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;
using static TorchSharp.torch;

namespace MLSieve.Tests;

/// <summary>What a moving average of the weights changes in a training, and what it leaves alone.</summary>
public sealed class AveragingTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("averaging-").FullName;

    public static TheoryData<string> Cases => [.. TrainingCase.Names];

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [MemberData(nameof(Cases))]
    public void Training_goes_on_with_the_weights_and_the_model_has_the_average(string name)
    {
        NativeBackend.EnsureLoaded();
        using NativeLeakCheck leaks = NativeLeakCheck.Start();
        using EarlyReadoutTransformer plain = TrainingCase.Fit(With(0)), averaged = TrainingCase.Fit(With(0.9));
        Assert.Equal(LossesOf(plain), LossesOf(averaged)); // to the last bit
        Assert.Equal(21, averaged.History.Selected!.Step);
        Assert.NotEqual(ModelBytes.Of(plain), ModelBytes.Of(averaged));

        TrainerOptions With(double decay)
        {
            TrainerOptions options = StepsTests.InSteps(name, 21);
            (options.AveragingDecay, options.Selection, options.ValidateEverySteps) = (decay, SelectionMetric.LastEpoch, 3);
            return options;
        }

        static string[] LossesOf(EarlyReadoutTransformer model) => [.. model.History.Points.Select(point => string.Join(
            ' ', point.Losses.Select(loss => FormattableString.Invariant($"{loss.Key} {loss.Value:R}"))))];
    }

    [Theory]
    [InlineData("class-balanced")]
    [InlineData("group DRO")]
    [InlineData("Just Train Twice")]
    [InlineData("readouts together")]
    [InlineData("sieve")]
    [InlineData("joint sieve")]
    [InlineData("distillation")]
    [InlineData("SimKD")]
    public void The_figure_by_which_a_network_is_kept_is_that_of_the_average_and_of_the_model(string name)
    {
        IDataView held = BiasedRow.View(new MLContext(seed: 1), count: 150, seed: 8);
        using EarlyReadoutTransformer plain = TrainingCase.Fit(With(0)), averaged = TrainingCase.Fit(With(0.8));
        Assert.NotEqual(ScoresOf(plain), ScoresOf(averaged));
        MulticlassClassificationMetrics metrics = new MLContext().MulticlassClassification.Evaluate(averaged.Transform(held));
        Assert.Equal(metrics.MicroAccuracy, averaged.History.Selected!.ValidationScore!.Value, 1e-12);
        Assert.Equal(averaged.History.Points.MaxBy(point => point.ValidationScore), averaged.History.Selected);

        TrainerOptions With(double decay)
        {
            TrainerOptions options = StepsTests.InSteps(name, 24);
            (options.AveragingDecay, options.ValidationFraction, options.ValidationSet, options.ValidateEverySteps) = (decay, 0, held, 2);
            options.Optimizer.LearningRate = 0.2; // so that the figure goes up and down
            return options;
        }

        static double?[] ScoresOf(EarlyReadoutTransformer model) => [.. model.History.Points.Select(point => point.ValidationScore)];
    }

    [Fact]
    public void The_model_is_the_mean_of_what_its_steps_had_and_so_is_a_readout_that_is_trained_beside_it()
    {
        // Both are linear in the weights that are trained, so the logits are averaged as the weights are. Log probabilities are logits but
        // for their mean.
        const int steps = 5;
        const double decay = 0.15; // below (1 + t)/(10 + t) from the second step on
        (double[] Network, double[] Readout) expected = Logits(steps: 1, rate: 1e-30, decay: 0); // the start
        for (int step = 0; step < steps; step++)
        {
            (double[] network, double[] readout) = Logits(step + 1, rate: 0.5, decay: 0);
            double kept = Math.Min(decay, (1.0 + step) / (10 + step));
            expected = (Mean(expected.Network, network, kept), Mean(expected.Readout, readout, kept));
        }

        (double[] Network, double[] Readout) found = Logits(steps, rate: 0.5, decay), last = Logits(steps, rate: 0.5, decay: 0);
        AssertNear(expected.Network, found.Network);
        AssertNear(expected.Readout, found.Readout);
        Assert.True(Distance(last.Network, found.Network) > 0.01);
        Assert.True(Distance(last.Readout, found.Readout) > 0.01);

        static double[] Mean(double[] average, double[] now, double kept) => [.. average.Zip(now, (a, b) => (kept * a) + ((1 - kept) * b))];

        static double Distance(double[] a, double[] b) => a.Zip(b, (x, y) => Math.Abs(x - y)).Max();

        static void AssertNear(double[] a, double[] b) => Assert.InRange(Distance(a, b), 0, 1e-4);
    }

    [Fact]
    public void Readouts_that_are_trained_afterwards_read_the_averaged_network_and_are_not_averaged()
    {
        // After one step the average is the start by a tenth; readouts that train for 14 steps would be by less than 1e-9.
        using EarlyReadoutTransformer none = TrainingCase.Fit(With(0)), some = TrainingCase.Fit(With(1e-9));
        float[] expected = Readout(none), found = Readout(some);
        Assert.All(expected.Zip(found), pair => Assert.Equal(pair.First, pair.Second, 1e-6));
        using EarlyReadoutTransformer half = TrainingCase.Fit(With(0.9));
        Assert.NotEqual(expected, Readout(half)); // that of another network

        static TrainerOptions With(double decay)
        {
            TrainerOptions options = StepsTests.InSteps("readouts afterwards", 10);
            options.AveragingDecay = decay;
            return options;
        }

        static float[] Readout(EarlyReadoutTransformer model) =>
            [.. model.Transform(TrainingCase.Rows(new MLContext(seed: 1))).GetColumn<float[]>("Readout1.Score").SelectMany(score => score)];
    }

    [Fact]
    public void Cancelled_between_two_validations_a_fit_that_returns_its_best_returns_the_average_up_to_there()
    {
        TrainerOptions shorter = StepsTests.InSteps("group DRO", 4);
        shorter.AveragingDecay = 0.9;
        byte[] expected = TrainingCase.FitToBytes(shorter);

        using var stop = new CancellationTokenSource();
        TrainerOptions options = StepsTests.InSteps("group DRO", 20);
        (options.AveragingDecay, options.CancellationToken, options.OnCancellation) = (0.9, stop.Token, CancellationBehavior.ReturnBest);
        int trained = 0;
        options.Network.Custom = (shape, classes) =>
        {
            WatchedNetwork? network = null;
            return network = new WatchedNetwork(shape, classes, (_, input) =>
            {
                if (network!.training && is_grad_enabled() && ++trained == 4) stop.Cancel();
                return input.alias();
            });
        };
        using EarlyReadoutTransformer model = TrainingCase.Fit(options);
        Assert.Equal(4, model.History.Selected!.Step);
        Assert.Equal(expected, ModelBytes.Of(model));
    }

    [Fact]
    public void A_checkpoint_of_a_training_without_it_is_told_apart()
    {
        TrainerOptions first = StepsTests.InSteps("sieve", 8), other = StepsTests.InSteps("sieve", 8);
        first.CheckpointDirectory = other.CheckpointDirectory = _folder;
        TrainingCase.FitToBytes(first);
        other.AveragingDecay = 0.99;
        Assert.Equal(
            ["AveragingDecay was 0 and is 0.99"],
            Assert.Throws<CheckpointMismatchException>(() => TrainingCase.Fit(other)).Differences);
    }

    /// <summary>What head and readout give the rows, but for the mean over the classes. The stages stay as they are.</summary>
    private static (double[] Network, double[] Readout) Logits(int steps, double rate, double decay)
    {
        var options = new EarlyReadoutEstimator.Options
        {
            TrainedPart = TrainedPart.Head,
            Taps = [new() { Stage = 0, Depth = 0 }],
            ReadoutLearningRate = rate,
            Optimizer = { LearningRate = rate },
            Schedule = { Kind = ScheduleKind.Constant },
            Network = { HiddenUnits = [8] },
            Steps = steps,
            AveragingDecay = decay,
        };
        var ml = new MLContext(seed: 1);
        using EarlyReadoutTransformer model = ml.Transforms.EarlyReadout(options).Fit(TrainingCase.Rows(ml));
        IDataView scored = model.Transform(TrainingCase.Rows(ml));
        return (Of("Score"), Of("Readout0.Score"));

        double[] Of(string column) => [.. scored.GetColumn<float[]>(column).SelectMany(row =>
        {
            double[] logs = [.. row.Select(probability => Math.Log(probability))];
            return logs.Select(log => log - logs.Average());
        })];
    }
}
