using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;
using TorchSharp;
using static TorchSharp.torch;

namespace MLSieve.Tests;

/// <summary>Faults are injected into a network's first layer: numbers that are not finite, forwards or backwards alone.</summary>
public sealed class DivergenceTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("diverge-").FullName;

    public static TheoryData<string> Cases => [.. TrainingCase.Names];

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_loss_that_is_not_finite_ends_every_training_with_the_step_it_came_in(string name)
    {
        TrainerOptions options = TrainingCase.Options(name);
        Inject(options, step => step == 3, NotANumber);
        NativeBackend.EnsureLoaded();
        using NativeLeakCheck leaks = NativeLeakCheck.Start();
        var fault = Assert.Throws<TrainingDivergedException>(() => TrainingCase.Fit(options));
        int step = StepOf(name, forward: 3);
        Assert.Equal((1, step, null, 0), (fault.Epoch, fault.Step, fault.LastGoodModel, fault.LastGoodEpoch));
        Assert.Contains(fault.Losses, loss => double.IsNaN(loss.Value));
        Assert.Contains($"step {step} of epoch 1", fault.Message, StringComparison.Ordinal);
        Assert.Contains("Try a smaller learning rate", fault.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("sieve")]
    [InlineData("joint sieve")]
    [InlineData("group DRO")]
    [InlineData("distillation")]
    [InlineData("SimKD")]
    public void A_gradient_that_is_not_finite_is_seen_though_every_loss_of_the_step_is(string name)
    {
        TrainerOptions options = TrainingCase.Options(name);
        Inject(options, step => step == 2, InfiniteGradient);
        var fault = Assert.Throws<TrainingDivergedException>(() => TrainingCase.Fit(options));
        Assert.Equal((1, StepOf(name, forward: 2)), (fault.Epoch, fault.Step));
        Assert.False(double.IsFinite(fault.Losses["gradient norm"]));
        Assert.True(double.IsFinite(fault.Losses["main"]));
    }

    [Theory]
    [InlineData("sieve", 0.2)]
    [InlineData("sieve", 0)]
    [InlineData("distillation", 0.2)]
    public void The_last_good_model_is_reachable_and_is_that_of_the_last_whole_epoch(string name, double validation)
    {
        TrainerOptions whole = TrainingCase.Options(name);
        (whole.Epochs, whole.ValidationFraction) = (2, validation);
        int batches = 0;
        Inject(whole, step => (batches = step) < 0, NotANumber);
        using EarlyReadoutTransformer expected = TrainingCase.Fit(whole);

        TrainerOptions options = TrainingCase.Options(name);
        options.ValidationFraction = validation;
        Inject(options, step => step == batches + 2, NotANumber);
        var fault = Assert.Throws<TrainingDivergedException>(() => TrainingCase.Fit(options));
        using EarlyReadoutTransformer good = fault.LastGoodModel!;
        Assert.Equal((3, validation == 0 ? 2 : expected.History.Selected!.Epoch), (fault.Epoch, fault.LastGoodEpoch));
        Assert.Equal(ModelBytes.Of(expected), ModelBytes.Of(good));
        var ml = new MLContext();
        Assert.InRange(ml.MulticlassClassification.Evaluate(good.Transform(TrainingCase.Rows(ml))).MicroAccuracy, 0.25, 1);
    }

    [Theory]
    [InlineData(CancellationBehavior.Throw)]
    [InlineData(CancellationBehavior.ReturnBest)]
    public void A_training_that_diverges_as_it_is_cancelled_tells_of_the_divergence_and_has_its_last_good_model(
        CancellationBehavior behavior)
    {
        TrainerOptions whole = TrainingCase.Options("sieve");
        whole.Epochs = 1;
        int batches = 0;
        Inject(whole, step => (batches = step) < 0, NotANumber);
        byte[] expected = TrainingCase.FitToBytes(whole);

        using var stop = new CancellationTokenSource();
        TrainerOptions options = TrainingCase.Options("sieve");
        (options.CancellationToken, options.OnCancellation) = (stop.Token, behavior);
        Inject(options, step => step == batches + 2, input =>
        {
            stop.Cancel();
            return NotANumber(input);
        });
        var fault = Assert.Throws<TrainingDivergedException>(() => TrainingCase.Fit(options));
        Assert.Contains("of epoch 2", fault.Message, StringComparison.Ordinal);
        Assert.Equal(1, fault.LastGoodEpoch);
        using EarlyReadoutTransformer good = fault.LastGoodModel!;
        Assert.Equal(expected, ModelBytes.Of(good));
    }

    [Fact]
    public void A_head_that_cannot_be_fitted_leaves_the_network_that_was_trained_before_it()
    {
        var plain = (EarlyReadoutEstimator.Options)TrainingCase.Options("deep feature reweighting");
        plain.Objective.Kind = ObjectiveKind.EmpiricalRisk;
        byte[] expected = TrainingCase.FitToBytes(plain);

        TrainerOptions options = TrainingCase.Options("deep feature reweighting");
        // The row that measures, 21 steps, 3 validations, the first embeddings.
        options.Network.Custom = (shape, classes) =>
            new WatchedNetwork(shape, classes, (batch, input) => batch == 26 ? NotANumber(input) : input.alias());
        var fault = Assert.Throws<TrainingDivergedException>(() => TrainingCase.Fit(options));
        Assert.Contains("embedding of a row is not finite", fault.Message, StringComparison.Ordinal);
        using EarlyReadoutTransformer good = fault.LastGoodModel!;
        Assert.Equal(expected, ModelBytes.Of(good));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Readouts_that_diverge_afterwards_leave_the_network_that_was_trained_before_them(int epoch)
    {
        float[] expected = Scores(TrainingCase.Fit(Options()));
        TrainerOptions options = Options();
        int batches = 0;
        options.Network.Custom = (shape, classes) =>
        {
            WatchedNetwork? network = null;
            return network = new WatchedNetwork(shape, classes, (_, input) =>
            {
                bool readsOut = !network!.training && !is_grad_enabled() && input.size(0) is 32 or 16; // of 208 rows; 52 validate
                return readsOut && ++batches == 1 + 7 * (epoch - 1) ? NotANumber(input) : input.alias();
            });
        };
        var fault = Assert.Throws<TrainingDivergedException>(() => TrainingCase.Fit(options));
        Assert.Contains("of 'Readouts'", fault.Message, StringComparison.Ordinal);
        Assert.Equal(epoch, fault.Epoch);
        Assert.Equal(fault.LastGoodModel!.History.Selected!.Epoch, fault.LastGoodEpoch);
        Assert.Equal(expected, Scores(fault.LastGoodModel));

        static TrainerOptions Options() => TrainingCase.Options("readouts afterwards");

        static float[] Scores(EarlyReadoutTransformer model)
        {
            using (model) return TrainingCase.Scores(model);
        }
    }

    [Fact]
    public void No_checkpoint_is_taken_of_a_training_that_has_diverged()
    {
        byte[] expected = TrainingCase.FitToBytes(TrainingCase.Options("sieve"));
        TrainerOptions options = TrainingCase.Options("sieve");
        (options.CheckpointDirectory, options.CheckpointEverySteps) = (_folder, 1);
        Inject(options, step => step == 10, NotANumber);
        Assert.Throws<TrainingDivergedException>(() => TrainingCase.Fit(options));

        // The fault was the test's, not the training's: from the last checkpoint it ends as if nothing had been.
        TrainerOptions again = TrainingCase.Options("sieve");
        again.CheckpointDirectory = _folder;
        Assert.Equal(expected, TrainingCase.FitToBytes(again));
    }

    [Fact]
    public void Rates_far_too_large_are_found_too()
    {
        TrainerOptions options = TrainingCase.Options("readouts together");
        (options.Optimizer.Kind, options.Optimizer.LearningRate) = (OptimizerKind.Sgd, 1e20);
        var fault = Assert.Throws<TrainingDivergedException>(() => TrainingCase.Fit(options));
        Assert.Equal(1e20, fault.LearningRate);
    }

    /// <summary>The step that a forward pass is part of: the sieve's first step, which forgets, has two.</summary>
    private static int StepOf(string name, int forward) => name == "sieve" ? forward - 1 : forward;

    /// <summary>Changes what the network's first layer reads in some training steps, counted from 1 over the whole fit.</summary>
    private static void Inject(TrainerOptions options, Func<int, bool> at, Func<Tensor, Tensor> fault)
    {
        int steps = 0;
        options.Network.Custom = (shape, classes) =>
        {
            WatchedNetwork? network = null;
            return network = new WatchedNetwork(shape, classes, (_, input) =>
            {
                // The network trains in training mode; probes, validation and readouts on a network as it stands run in evaluation mode.
                bool trains = network!.training && is_grad_enabled();
                return trains && at(++steps) ? fault(input) : input.alias();
            });
        };
    }

    private static Tensor NotANumber(Tensor input) => input.mul(Scalars.Of(double.NaN));

    /// <summary>The same numbers, plus √0, whose gradient is infinite.</summary>
    private static Tensor InfiniteGradient(Tensor input) => input.add(input.sub(input.detach()).sqrt(), Scalars.One);
}
