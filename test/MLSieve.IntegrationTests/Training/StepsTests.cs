using Microsoft.ML.EarlyReadout;
using static TorchSharp.torch;

namespace MLSieve.Tests;

/// <summary>A budget in steps: seven make an epoch of the cases' rows.</summary>
public sealed class StepsTests
{
    [Theory]
    [InlineData("group DRO")]
    [InlineData("distillation")]
    [InlineData("SimKD")]
    [InlineData("Just Train Twice")] // its identification is a fifth of two epochs, but at least one
    public void So_many_steps_are_made_and_the_last_epoch_ends_in_the_middle(string name)
    {
        TrainerOptions options = InSteps(name, 10);
        int trained = 0;
        options.Network.Custom = (shape, classes) =>
        {
            WatchedNetwork? network = null;
            return network = new WatchedNetwork(shape, classes, (_, input) =>
            {
                if (network!.training && is_grad_enabled()) trained++;
                return input.alias();
            });
        };
        var progress = new Collector();
        options.Progress = progress;
        using EarlyReadoutTransformer model = TrainingCase.Fit(options);
        int identified = name == "Just Train Twice" ? 2 * 7 : 0;
        Assert.Equal(10 + identified, trained);
        Assert.Equal([(7, 1), (10, 10 / 7.0)], model.History.Points.Select(point => (point.Step, point.Epoch)));
        Assert.Contains(model.History.Selected, model.History.Points);
        TrainingProgress last = progress.Seen[^1];
        Assert.Equal((2, 2, 3, 3, TimeSpan.Zero), (last.Epoch, last.Epochs, last.Step, last.StepsPerEpoch, last.TimeLeft));
        Assert.Contains(progress.Seen, each => (each.Epoch, each.Step, each.StepsPerEpoch) == (1, 7, 7));
    }

    [Theory]
    [InlineData("class-balanced")] // a cosine
    [InlineData("sieve")]
    [InlineData("distillation")]
    public void The_steps_of_three_epochs_give_the_model_of_three_epochs_to_the_bit(string name) =>
        Assert.Equal(TrainingCase.FitToBytes(TrainingCase.Options(name)), TrainingCase.FitToBytes(InSteps(name, 21)));

    [Fact]
    public void The_schedule_runs_over_the_steps()
    {
        TrainerOptions options = InSteps("class-balanced", 10);
        int trained = 0;
        options.Network.Custom = (shape, classes) =>
        {
            WatchedNetwork? network = null;
            return network = new WatchedNetwork(shape, classes, (_, input) =>
                network!.training && is_grad_enabled() && ++trained == 10 ? input.mul(Scalars.Of(double.NaN)) : input.alias());
        };
        var fault = Assert.Throws<TrainingDivergedException>(() => TrainingCase.Fit(options));
        Assert.Equal((2, 3), (fault.Epoch, fault.Step));
        Assert.Equal(0.05 * 0.5 * (1 + Math.Cos(Math.PI * 9 / 10)), fault.LearningRate, 1e-15);
        fault.LastGoodModel!.Dispose();
    }

    [Fact]
    public void Where_steps_are_given_no_epochs_are_chosen_and_what_follows_them_counts_the_epochs_that_the_steps_make()
    {
        var options = (EarlyReadoutEstimator.Options)InSteps("Just Train Twice", 71); // more than ten epochs
        options.Objective.JustTrainTwice.IdentificationEpochs = null;
        using EarlyReadoutTransformer model = TrainingCase.Fit(options);
        Assert.Equal("null", model.History.Settings["Epochs"]);
        Assert.Equal("71", model.History.Settings["Steps"]);
        Assert.Equal("2", model.History.Settings["Objective.JustTrainTwice.IdentificationEpochs"]);
        Assert.Equal(71, model.History.Points[^1].Step);
    }

    [Fact]
    public void Steps_and_epochs_are_not_given_together()
    {
        TrainerOptions options = TrainingCase.Options("sieve");
        options.Steps = 10;
        Assert.Contains(
            "- Epochs and Steps are both given; give one.", Assert.Throws<ArgumentException>(() => TrainingCase.Fit(options)).Message,
            StringComparison.Ordinal);
    }

    internal static TrainerOptions InSteps(string name, int steps)
    {
        TrainerOptions options = TrainingCase.Options(name);
        (options.Epochs, options.Steps) = (null, steps);
        return options;
    }

    private sealed class Collector : IProgress<TrainingProgress>
    {
        public List<TrainingProgress> Seen { get; } = [];

        public void Report(TrainingProgress value) => Seen.Add(value);
    }
}
