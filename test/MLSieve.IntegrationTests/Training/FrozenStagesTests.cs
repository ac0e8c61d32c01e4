using Microsoft.ML;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.FeatureSieve;
using TorchSharp;
using static TorchSharp.torch;

namespace MLSieve.Tests;

/// <summary>Stages that are not trained.</summary>
public sealed class FrozenStagesTests
{
    public static TheoryData<string> Cases => [.. TrainingCase.Names];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Every_method_leaves_them_as_they_are_and_trains_the_rest(string name)
    {
        (float Lower, float Upper) frozen = Moved(Frozen(name, 1)), free = Moved(Frozen(name, 0));
        Assert.Equal(0, frozen.Lower);
        Assert.True(free.Lower > 0.001);
        Assert.True(frozen.Upper > 0.001);
    }

    [Fact]
    public void Readouts_of_them_are_trained_as_ever()
    {
        Assert.True(LossAt(0.05) < LossAt(1e-30) - 0.1);

        static double LossAt(double rate)
        {
            var options = (EarlyReadoutEstimator.Options)Frozen("readouts together", 2);
            options.ReadoutLearningRate = rate;
            using EarlyReadoutTransformer model = TrainingCase.Fit(options);
            return model.History.Points[^1].Losses["Readout1"];
        }
    }

    [Fact]
    public void A_sieve_that_would_forget_at_one_is_refused_with_the_reason()
    {
        var options = new FeatureSieveTrainer.Options { Readout = { Stage = 2 }, Optimizer = { FrozenStages = 2 } };
        string message = Assert.Throws<ArgumentException>(() => options.Estimator(new MLContext())).Message;
        Assert.Contains(
            "Optimizer.FrozenStages is 2, and the sieve forgets at Readout.Stage 2: all that forgetting would change is frozen.", message,
            StringComparison.Ordinal);
        options.Optimizer.FrozenStages = 1;
        options.Estimator(new MLContext());
        (options.Optimizer.FrozenStages, options.ForgetEvery) = (2, 0); // which is plain training
        options.Estimator(new MLContext());
    }

    [Fact]
    public void More_than_the_network_has_are_refused_with_their_names()
    {
        string message = Assert.Throws<ArgumentException>(() => TrainingCase.Fit(Frozen("class-balanced", 3))).Message;
        Assert.Equal("Optimizer.FrozenStages is 3, but watched has 2 stages: 1 (first), 2 (second).", message);
    }

    private static TrainerOptions Frozen(string name, int stages)
    {
        TrainerOptions options = TrainingCase.Options(name);
        options.Optimizer.FrozenStages = stages;
        if (options is FeatureSieveTrainer.Options sieve) sieve.Readout.Stage = 2;
        return options;
    }

    /// <summary>How far the first weight of each stage has moved by the last batch of a training.</summary>
    private static (float Lower, float Upper) Moved(TrainerOptions options)
    {
        float[] lower = [], upper = [], firstLower = [], firstUpper = [];
        options.Network.Custom = (shape, classes) =>
        {
            StagedNetwork? network = null;
            return network = new WatchedNetwork(shape, classes, (count, input) =>
            {
                (lower, upper) = (Weights(0), Weights(1));
                if (count == 1) (firstLower, firstUpper) = (lower, upper);
                return input.alias();
            });

            float[] Weights(int stage)
            {
                using DisposeScope scope = NewDisposeScope();
                return [.. network!.Stages[stage].Layers.OfType<Linear>().First().parameters().First().detach().data<float>()];
            }
        };
        using EarlyReadoutTransformer model = TrainingCase.Fit(options);
        return (Distance(firstLower, lower), Distance(firstUpper, upper));

        static float Distance(float[] a, float[] b) => a.Zip(b, (x, y) => Math.Abs(x - y)).Max();
    }
}
