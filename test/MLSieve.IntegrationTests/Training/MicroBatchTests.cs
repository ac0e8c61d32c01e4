using Microsoft.ML;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.FeatureSieve;
using static TorchSharp.torch;

namespace MLSieve.Tests;

/// <summary>Batches that pass the network in parts.</summary>
public sealed class MicroBatchTests
{
    public static TheoryData<string> Cases => [.. TrainingCase.Names.Except(["sieve", "group DRO"])];

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_training_in_parts_is_that_of_whole_batches(string name)
    {
        using EarlyReadoutTransformer whole = TrainingCase.Fit(InParts(name, null)), parts = TrainingCase.Fit(InParts(name, 5));
        Assert.Equal(whole.History.Points.Select(point => point.Step), parts.History.Points.Select(point => point.Step));
        foreach ((TrainingPoint expected, TrainingPoint found) in whole.History.Points.Zip(parts.History.Points))
            foreach ((string meter, double loss) in expected.Losses) Assert.Equal(loss, found.Losses[meter], Tolerance(meter));
        Assert.All(TrainingCase.Scores(whole).Zip(TrainingCase.Scores(parts)), pair => Assert.Equal(pair.First, pair.Second, 1e-2));

        // A row that is on the border may be read either way, which weighs it otherwise.
        double Tolerance(string meter) => meter.Contains("accuracy", StringComparison.Ordinal) || name == "distillation" ? 0.02 : 1e-3;
    }

    [Fact]
    public void No_more_rows_than_that_pass_the_network_at_once()
    {
        TrainerOptions options = InParts("class-balanced", 5);
        List<long> rows = RowsThatPass(options);
        TrainingCase.FitToBytes(options);
        Assert.Equal([4L, 5], rows.Distinct().Order()); // 32 rows in seven parts, and the shorter last batch
    }

    // In two parts, the sieve would move the lower stages by what its two updates have left together, and DRO its groups twice.
    [Theory]
    [InlineData("sieve")]
    [InlineData("group DRO")]
    public void A_last_batch_that_a_single_row_has_joined_passes_whole(string name)
    {
        TrainerOptions options = InParts(name, null);
        options.BatchSize = 69; // of 208 rows: two batches of 69, and 70
        List<long> rows = RowsThatPass(options);
        TrainingCase.FitToBytes(options);
        Assert.Equal([69L, 70], rows.Distinct().Order());
    }

    [Fact]
    public void What_needs_the_whole_batch_is_refused_with_the_reason()
    {
        var sieve = new FeatureSieveTrainer.Options { MicroBatchSize = 8 };
        Assert.Contains("of alternating updates each sees what the one before has changed", Message(sieve), StringComparison.Ordinal);
        sieve.Update = SieveUpdate.Joint;
        sieve.Estimator(new MLContext());
        EarlyReadoutEstimator.Options dro =
            new() { MicroBatchSize = 8, GroupColumnName = "Cue", Objective = { Kind = ObjectiveKind.GroupDro } };
        Assert.Contains("a group's loss is its mean over the whole batch", Message(dro), StringComparison.Ordinal);
        Assert.Contains(
            "MicroBatchSize is 40; it must be at most BatchSize, 32.", Message(new EarlyReadoutEstimator.Options { MicroBatchSize = 40 }),
            StringComparison.Ordinal);

        static string Message(TrainerOptions options) => Assert.Throws<ArgumentException>(() => options.Estimator(new MLContext())).Message;
    }

    /// <summary>Gets, as the training runs, how many rows pass the network each time that it learns from them.</summary>
    private static List<long> RowsThatPass(TrainerOptions options)
    {
        List<long> rows = [];
        options.Network.Custom = (shape, classes) =>
        {
            WatchedNetwork? network = null;
            return network = new WatchedNetwork(shape, classes, (_, input) =>
            {
                if (network!.training && is_grad_enabled()) rows.Add(input.size(0));
                return input.alias();
            });
        };
        return rows;
    }

    private static TrainerOptions InParts(string name, int? rows)
    {
        TrainerOptions options = TrainingCase.Options(name);
        options.MicroBatchSize = rows;
        options.Optimizer.ClipNorm = 0.5; // of the gathered gradients
        options.Network.Custom = (shape, classes) => new Mlp(shape, [16, 16], classes); // no dropout
        return options;
    }
}
