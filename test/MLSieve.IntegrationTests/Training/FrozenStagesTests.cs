using Microsoft.ML;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.EarlyReadout.Search;
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
        (float[] Lower, float[] Upper) frozen = Moved(Frozen(name, 1)), free = Moved(Frozen(name, 0));
        Assert.All(frozen.Lower, moved => Assert.Equal(0, moved));
        Assert.All(free.Lower, moved => Assert.True(moved > 0));
        Assert.All(frozen.Upper, moved => Assert.True(moved > 0));
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

    [Theory]
    [InlineData(1, 2)]
    [InlineData(2, 2)]
    [InlineData(3, 2)]
    public void A_trial_whose_sampled_stage_is_frozen_forgets_at_one_that_is_not(int sampled, int stage)
    {
        TrainerOptions options = Frozen("sieve", 1);
        var ml = new MLContext(seed: 1);
        using EarlyReadoutTransformer model = options
            .Trial(ml, new FeatureSieveTrainer.Options { ForgetLearningRate = 0.01, Readout = { Stage = sampled } })
            .Fit(TrainingCase.Rows(ml));
        Assert.Equal($"{stage}", model.History.Settings["Readout.Stage"]);
        options.Optimizer.FrozenStages = 2;
        Assert.StartsWith(
            "Optimizer.FrozenStages is 2, and the sieve forgets at Readout.Stage 2",
            Assert.Throws<ArgumentException>(() => options.Trial(ml, new FeatureSieveTrainer.Options { Readout = { Stage = 2 } })
                .Fit(TrainingCase.Rows(ml))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_search_draws_no_frozen_stage_and_refuses_to_start_where_it_has_no_other()
    {
        var ml = new MLContext(seed: 1);
        IDataView train = TrainingCase.Rows(ml), validation = TrainingCase.Rows(ml, 100);
        SieveSearchOptions options = new()
        {
            Trainer =
            {
                Network = { Custom = (shape, classes) => new WatchedNetwork(shape, classes, (_, input) => input.alias()) },
                Optimizer = { FrozenStages = 1 },
                Steps = 4,
            },
            Trials = 4,
            SeedsPerTrial = 1,
            ConfirmationSeeds = 0,
            Halving = null,
            Workers = 1,
        };
        using (SearchResult<FeatureSieveTrainer.Options> result = ml.MulticlassClassification.SearchFeatureSieve(options)
            .Run(train, validation))
        {
            Assert.Equal(5, result.Trials.Count);
            Assert.All(result.Trials.Skip(1), trial => Assert.Equal(2, result.OptionsOf(trial).Readout.Stage));
            Assert.All(result.Trials, trial => Assert.Equal(TrialState.Finished, trial.State));
        }

        options.KnownSettings = [new FeatureSieveTrainer.Options { Readout = { Stage = 1 } }];
        AssertRefused("KnownSettings[0] cannot run: its Readout.Stage is 1, and a readout of watched can read the stages 2 (second), above "
            + "the 1 of Optimizer.FrozenStages.");
        (options.KnownSettings, options.Space) = ([], new SieveSpace { Stages = [1] });
        AssertRefused("Nothing of the space can run: Space.Stages is 1, and a readout of watched can read the stages 2 (second), above "
            + "the 1 of Optimizer.FrozenStages.");

        void AssertRefused(string message) => Assert.Equal(message, Assert.Throws<ArgumentException>(() =>
            ml.MulticlassClassification.SearchFeatureSieve(options).Run(train, validation)).Message);
    }

    private static TrainerOptions Frozen(string name, int stages)
    {
        TrainerOptions options = TrainingCase.Options(name);
        options.Optimizer.FrozenStages = stages;
        if (options is FeatureSieveTrainer.Options sieve) sieve.Readout.Stage = 2;
        return options;
    }

    /// <summary>How far each tensor of each stage has moved by the last batch of a training.</summary>
    private static (float[] Lower, float[] Upper) Moved(TrainerOptions options)
    {
        float[][] lower = [], upper = [], firstLower = [], firstUpper = [];
        options.Network.Custom = (shape, classes) =>
        {
            StagedNetwork? network = null;
            return network = new WatchedNetwork(shape, classes, (count, input) =>
            {
                (lower, upper) = (Weights(0), Weights(1));
                if (count == 1) (firstLower, firstUpper) = (lower, upper);
                return input.alias();
            });

            float[][] Weights(int stage)
            {
                using DisposeScope scope = NewDisposeScope();
                return [.. network!.Stages[stage].Layers.SelectMany(layer => ModuleState.Of(layer))
                    .Select(entry => entry.Tensor.detach().to(float32).data<float>().ToArray())];
            }
        };
        using EarlyReadoutTransformer model = TrainingCase.Fit(options);
        Assert.All(new[] { lower, upper }, Assert.NotEmpty);
        return (Distances(firstLower, lower), Distances(firstUpper, upper));

        static float[] Distances(float[][] first, float[][] last) =>
            [.. first.Zip(last, (a, b) => a.Zip(b, (x, y) => Math.Abs(x - y)).Max())];
    }
}
