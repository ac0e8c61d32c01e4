using System.Collections.Concurrent;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;
using TorchSharp;
using static TorchSharp.torch;

namespace MLSieve.Tests;

public sealed class ObjectiveTests
{
    private readonly MLContext _ml = new(seed: 1);
    private readonly ConcurrentQueue<string> _log = new();

    public ObjectiveTests() => _ml.Log += (_, entry) => _log.Enqueue(entry.RawMessage);

    [Theory]
    [InlineData(ObjectiveKind.EmpiricalRisk)]
    [InlineData(ObjectiveKind.ClassBalanced)]
    [InlineData(ObjectiveKind.GroupDro)]
    [InlineData(ObjectiveKind.JustTrainTwice)]
    [InlineData(ObjectiveKind.DeepFeatureReweighting)]
    [InlineData(ObjectiveKind.AutomaticFeatureReweighting)]
    public void Every_objective_learns_and_leaves_no_tensor(ObjectiveKind kind)
    {
        using var leaks = NativeLeakCheck.Start();
        using EarlyReadoutTransformer model = _ml.Transforms.EarlyReadout(Options(kind)).Fit(BiasedRow.View(_ml));
        Assert.True(_ml.MulticlassClassification.Evaluate(model.Transform(BiasedRow.View(_ml, seed: 2))).MicroAccuracy > 0.8);
    }

    [Fact]
    public void Weighted_risks_have_mean_one_and_balance_classes()
    {
        NativeBackend.EnsureLoaded();
        using var scope = NewDisposeScope();
        using TrainingSet set = Read();
        TrainingRows rows = TrainingRows.AllOf(set);
        using Batch all = set.Gather(rows.Indices, CPU);
        Tensor logits = zeros(set.Count, 4); // every row's loss is log 4, so the risk is the mean weight times that
        using var balanced = WeightedRisk.ClassBalanced(rows, LabelLoss.Plain, CPU);
        using var upWeighted = WeightedRisk.UpWeighted(rows, new HashSet<long> { 1, 2, 3 }, 50, LabelLoss.Plain, CPU);
        foreach (WeightedRisk risk in new[] { balanced, upWeighted })
            Assert.Equal(Math.Log(4), risk.Of(logits, all).ToDouble(), 1e-5);
        Tensor biased = logits.clone();
        biased.select(1, 0).fill_(Scalars.One);
        double expected = Enumerable.Range(0, 4)
            .Average(c => nn.functional.cross_entropy(biased.narrow(0, 0, 1), tensor(new long[] { c })).ToDouble());
        Assert.Equal(expected, balanced.Of(biased, all).ToDouble(), 1e-5);
    }

    [Fact]
    public void Just_train_twice_says_how_many_rows_it_up_weights_and_starts_again_from_the_same_weights()
    {
        EarlyReadoutEstimator.Options plain = Options(ObjectiveKind.EmpiricalRisk), twice = Options(ObjectiveKind.JustTrainTwice);
        twice.Objective.JustTrainTwice.UpWeight = 1; // nothing counts more: the second training is the plain one
        IDataView train = BiasedRow.View(_ml);
        Assert.Equal(Scores(plain, train), Scores(twice, train));
        Assert.Contains(_log, line => line.StartsWith("Just Train Twice: the first network gets", StringComparison.Ordinal));
    }

    [Fact]
    public void The_first_network_of_just_train_twice_trains_the_part_that_the_second_does()
    {
        EarlyReadoutEstimator.Options head = Options(ObjectiveKind.JustTrainTwice), frozen = Options(ObjectiveKind.JustTrainTwice);
        head.TrainedPart = TrainedPart.Head;
        frozen.Optimizer.FrozenStages = 2; // all but the head
        IDataView train = BiasedRow.View(_ml);
        Scores(head, train);
        Scores(frozen, train);
        string[] found = [.. _log.Where(line => line.StartsWith("Just Train Twice: the first network gets", StringComparison.Ordinal))];
        Assert.Equal(2, found.Length);
        Assert.Equal(found[1], found[0]);
    }

    [Fact]
    public void Reweighting_fits_to_equally_many_rows_of_each_group()
    {
        IDataView train = BiasedRow.View(_ml, count: 1000);
        _ml.Transforms.EarlyReadout(Options(ObjectiveKind.DeepFeatureReweighting)).Fit(train).Dispose();
        int least = BiasedRow.Draw(1000).GroupBy(row => (row.Class, row.Cue)).Min(group => group.Count());
        Assert.Contains(_log, line => line.Contains($"fitted anew on {8 * least} rows", StringComparison.Ordinal));
    }

    [Fact]
    public void Reweighting_takes_the_rows_that_it_is_given()
    {
        IDataView train = BiasedRow.View(_ml), few = BiasedRow.View(_ml, count: 300, seed: 9);
        EarlyReadoutEstimator.Options options = Options(ObjectiveKind.DeepFeatureReweighting);
        options.Objective.DeepFeatureReweighting.ReweightingSet = few;
        float[] given = Scores(options, train);
        (string, string)[] groups = [.. BiasedRow.Draw(300, seed: 9).Select(row => (row.Class, row.Cue))];
        int least = groups.GroupBy(group => group).Min(group => group.Count());
        Assert.Contains(_log, line => line.Contains($"fitted anew on {groups.Distinct().Count() * least} rows", StringComparison.Ordinal));
        Assert.NotEqual(Scores(Options(ObjectiveKind.DeepFeatureReweighting), train), given);

        _log.Clear();
        options.Objective.DeepFeatureReweighting.ReweightingSet = _ml.Transforms.DropColumns("Cue").Fit(few).Transform(few);
        Assert.Contains(
            "group column 'Cue' is not in the data", Assert.Throws<ArgumentOutOfRangeException>(() => Scores(options, train)).Message,
            StringComparison.Ordinal);
        ITransformer keys = _ml.Transforms.Conversion.MapValueToKey(
            "Label", "Class", keyOrdinality: Microsoft.ML.Transforms.ValueToKeyMappingEstimator.KeyOrdinality.ByValue).Fit(few);
        options.Objective.DeepFeatureReweighting.ReweightingSet = keys.Transform(
            _ml.Data.LoadFromEnumerable(BiasedRow.Draw(300, seed: 9).Where(row => row.Number > 0)));
        Assert.Contains(
            "has no rows of the class 'quarter 0'", Assert.Throws<ArgumentException>(() => Scores(options, train)).Message,
            StringComparison.Ordinal);
        Assert.DoesNotContain(_log, line => line.StartsWith("Epoch 1/", StringComparison.Ordinal)); // no training was spent on either
    }

    [Theory]
    [InlineData(ObjectiveKind.GroupDro)]
    [InlineData(ObjectiveKind.DeepFeatureReweighting)]
    public void A_group_with_one_row_is_a_group(ObjectiveKind kind)
    {
        BiasedRow[] rows =
        [
            .. BiasedRow.Draw(400).Where(row => row.Cue == "agrees"),
            BiasedRow.Draw(400).First(row => row.Cue == "conflicts"),
        ];
        Assert.All(Scores(Options(kind), BiasedRow.View(_ml, rows)), score => Assert.InRange(score, 0, 1));
        if (kind == ObjectiveKind.DeepFeatureReweighting)
            Assert.Contains(_log, line => line.Contains("fitted anew on 5 rows", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(ObjectiveKind.GroupDro)]
    [InlineData(ObjectiveKind.DeepFeatureReweighting)]
    public void Groups_that_are_missing_are_an_error_and_single_missing_ones_are_a_group(ObjectiveKind kind)
    {
        IDataView train = BiasedRow.View(_ml);
        EarlyReadoutEstimator.Options options = Options(kind);
        Assert.Contains(
            "group column 'Cue' is not in the data",
            Assert.Throws<ArgumentOutOfRangeException>(
                () => Scores(options, _ml.Transforms.DropColumns("Cue").Fit(train).Transform(train))).Message,
            StringComparison.Ordinal);
        BiasedRow[] rows = BiasedRow.Draw(400);
        foreach (BiasedRow row in rows.Take(40)) row.Cue = "";
        Assert.All(Scores(options, BiasedRow.View(_ml, rows)), score => Assert.InRange(score, 0, 1));
    }

    [Fact]
    public void Objectives_that_need_groups_say_so()
    {
        foreach (ObjectiveKind kind in new[] { ObjectiveKind.GroupDro, ObjectiveKind.DeepFeatureReweighting })
        {
            EarlyReadoutEstimator.Options options = Options(kind);
            options.GroupColumnName = null;
            Assert.Contains(
                $"Objective.Kind is {kind}, which needs GroupColumnName",
                Assert.Throws<ArgumentException>(() => _ml.Transforms.EarlyReadout(options)).Message, StringComparison.Ordinal);
        }
    }

    private float[] Scores(EarlyReadoutEstimator.Options options, IDataView view)
    {
        using EarlyReadoutTransformer model = _ml.Transforms.EarlyReadout(options).Fit(view);
        return [.. model.Transform(view).GetColumn<float[]>("Score").SelectMany(score => score)];
    }

    private TrainingSet Read() => TrainingSet.Read(
        BiasedRow.View(_ml), new TrainingColumns("Features", "Label", "Cue"), new InputOptions(), Rows.Budget(1 << 20), _ => { }, _ => { },
        CancellationToken.None);

    private static EarlyReadoutEstimator.Options Options(ObjectiveKind kind) => new()
    {
        Taps = [],
        GroupColumnName = "Cue",
        Objective = { Kind = kind },
        Epochs = 6,
        Optimizer = { LearningRate = 0.05 },
        Seed = 3,
    };
}
