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
    public void With_example_weights_they_have_mean_one_and_balance_classes_too()
    {
        NativeBackend.EnsureLoaded();
        using var scope = NewDisposeScope();
        using TrainingSet set = Read();
        TrainingRows rows = TrainingRows.AllOf(set);
        using Batch all = set.Gather(rows.Indices, CPU);
        using var loss = new LabelLoss(0, [.. set.Labels.Select((label, row) => 1f + (label + row % 2) % 3)], CPU); // 1, 2 and 3
        using var balanced = WeightedRisk.ClassBalanced(rows, loss, CPU);
        using var upWeighted = WeightedRisk.UpWeighted(rows, new HashSet<long> { 1, 2, 3 }, 50, loss, CPU);
        foreach (WeightedRisk risk in new[] { balanced, upWeighted })
            Assert.Equal(Math.Log(4), risk.Of(zeros(set.Count, 4), all).ToDouble(), 1e-5);
        for (int c = 0; c < 4; c++)
        {
            // Only rows of one class have a loss, which is log 4: the risk is the class's share of all weights times that.
            float[] logits = [.. set.Labels.SelectMany(label => Enumerable.Range(0, 4).Select(k => label != c && k == label ? 200f : 0))];
            Assert.Equal(Math.Log(4) / 4, balanced.Of(tensor(logits).reshape(set.Count, 4), all).ToDouble(), 1e-5);
        }
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
        const string name = "the rows of Objective.DeepFeatureReweighting.ReweightingSet";
        options.Objective.DeepFeatureReweighting.ReweightingSet = WithoutCue(few);
        foreach ((IDataView rows, string advice) in new[]
        {
            (train, "Transform them by the same fitted pipeline as the training rows."),
            (WithoutCue(train), "The head is fitted to equally many of these rows of each group. Add the column."),
        })
        {
            string missing = Fault(new CountingView(rows, _ => throw new InvalidOperationException("A training row was read.")));
            Assert.StartsWith($"The group column 'Cue' is not in {name}, which have ", missing, StringComparison.Ordinal);
            Assert.EndsWith($". {advice}", missing, StringComparison.Ordinal);
        }

        IDataView reversed = _ml.Data.LoadFromEnumerable(BiasedRow.Draw(300, seed: 9).OrderByDescending(row => row.Class));
        options.Objective.DeepFeatureReweighting.ReweightingSet =
            _ml.Transforms.Conversion.MapValueToKey("Label", "Class").Fit(reversed).Transform(reversed); // by occurrence
        Assert.Equal(
            $"The label column 'Label' of {name} has the classes of the training data in another order. "
                + "Transform both sets by one fitted pipeline, so that their keys are the same.", Fault(train));
        BiasedRow[] broken = BiasedRow.Draw(300, seed: 9);
        broken[7].Features[1] = float.NaN;
        options.Objective.DeepFeatureReweighting.ReweightingSet = BiasedRow.View(_ml, broken);
        Assert.StartsWith(
            $"In {name}: Column 'Features', row 7 (counted from 0 in the data view) has the value NaN",
            Assert.Throws<InvalidDataException>(() => Scores(options, train)).Message, StringComparison.Ordinal);
        ITransformer keys = _ml.Transforms.Conversion.MapValueToKey(
            "Label", "Class", keyOrdinality: Microsoft.ML.Transforms.ValueToKeyMappingEstimator.KeyOrdinality.ByValue).Fit(few);
        options.Objective.DeepFeatureReweighting.ReweightingSet = keys.Transform(
            _ml.Data.LoadFromEnumerable(BiasedRow.Draw(300, seed: 9).Where(row => row.Number > 0)));
        Assert.Contains(
            "has no rows of the class 'quarter 0'", Assert.Throws<ArgumentException>(() => Scores(options, train)).Message,
            StringComparison.Ordinal);
        Assert.DoesNotContain(_log, line => line.StartsWith("Epoch 1/", StringComparison.Ordinal)); // no training was spent on any

        string Fault(IDataView rows) => Assert.Throws<ArgumentOutOfRangeException>(() => Scores(options, rows)).Message;
    }

    [Theory]
    [InlineData(ObjectiveKind.EmpiricalRisk)]
    [InlineData(ObjectiveKind.JustTrainTwice)]
    [InlineData(ObjectiveKind.AutomaticFeatureReweighting)]
    [InlineData(ObjectiveKind.DeepFeatureReweighting)]
    public void Groups_are_read_where_they_are(ObjectiveKind kind)
    {
        IDataView train = BiasedRow.View(_ml), few = BiasedRow.View(_ml, count: 300, seed: 9);
        EarlyReadoutEstimator.Options options = Options(kind);
        if (kind == ObjectiveKind.DeepFeatureReweighting) options.Objective.DeepFeatureReweighting.ReweightingSet = few;
        (options.Selection, options.ValidationSet) = (SelectionMetric.WorstGroupAccuracy, BiasedRow.View(_ml, count: 200, seed: 2));
        using EarlyReadoutTransformer all = Fit(options, train), some = Fit(options, WithoutCue(train));
        Assert.Equal(
            BiasedRow.Draw(200, seed: 2).Select(row => $"{row.Class}, {row.Cue}").Distinct().Order(StringComparer.Ordinal),
            some.History.Selected!.Groups.Select(group => group.Name));
        Assert.Equal(all.History.Selected!.Step, some.History.Selected.Step);
        Assert.Equal(all.History.Selected.Groups, some.History.Selected.Groups);
        Assert.Equal(Scores(all, train), Scores(some, train));
    }

    [Fact]
    public void Validation_rows_may_lack_groups_where_reweighting_is_given_them_and_they_do_not_choose()
    {
        IDataView train = WithoutCue(BiasedRow.View(_ml));
        EarlyReadoutEstimator.Options options = Options(ObjectiveKind.DeepFeatureReweighting);
        options.Objective.DeepFeatureReweighting.ReweightingSet = BiasedRow.View(_ml, count: 300, seed: 9);
        options.ValidationSet = WithoutCue(BiasedRow.View(_ml, count: 200, seed: 2));
        using (EarlyReadoutTransformer model = Fit(options, train))
        {
            Assert.Equal(
                ["quarter 0", "quarter 1", "quarter 2", "quarter 3"], model.History.Selected!.Groups.Select(group => group.Name));
        }

        options.Selection = SelectionMetric.WorstGroupAccuracy;
        string message = Assert.Throws<ArgumentOutOfRangeException>(() => Fit(options, train)).Message;
        Assert.StartsWith(
            "The group column 'Cue' is not in the validation rows (ValidationSet), which have ", message, StringComparison.Ordinal);
        Assert.EndsWith(
            ". Selection is WorstGroupAccuracy, which needs the groups of the validation rows.", message, StringComparison.Ordinal);
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
    [InlineData(
        ObjectiveKind.GroupDro,
        "Objective.Kind is GroupDro, which trains by the groups of the training rows. Add the column, or choose another objective.")]
    [InlineData(
        ObjectiveKind.DeepFeatureReweighting,
        "Objective.Kind is DeepFeatureReweighting, which without a ReweightingSet reads the groups of the training rows. Add the column, "
            + "or give rows that have it in Objective.DeepFeatureReweighting.ReweightingSet.")]
    public void Groups_that_are_missing_are_an_error_and_single_missing_ones_are_a_group(ObjectiveKind kind, string need)
    {
        IDataView lacking = WithoutCue(BiasedRow.View(_ml));
        EarlyReadoutEstimator.Options options = Options(kind);
        foreach (IDataView? held in new[] { null, BiasedRow.View(_ml, count: 200, seed: 2) }) // whose groups are not what is asked for
        {
            options.ValidationSet = held;
            foreach (Action use in new Action[]
            {
                () => Fit(options, lacking),
                () => _ml.Transforms.EarlyReadout(options).GetOutputSchema(SchemaShapes.Of(lacking.Schema)),
            })
            {
                string message = Assert.Throws<ArgumentOutOfRangeException>(use).Message;
                Assert.StartsWith("The group column 'Cue' is not in the data, which has ", message, StringComparison.Ordinal);
                Assert.EndsWith($". {need}", message, StringComparison.Ordinal);
            }
        }

        options.ValidationSet = null;
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

    private EarlyReadoutTransformer Fit(EarlyReadoutEstimator.Options options, IDataView view) =>
        _ml.Transforms.EarlyReadout(options).Fit(view);

    private float[] Scores(EarlyReadoutEstimator.Options options, IDataView view)
    {
        using EarlyReadoutTransformer model = Fit(options, view);
        return Scores(model, view);
    }

    private static float[] Scores(EarlyReadoutTransformer model, IDataView view) =>
        [.. model.Transform(view).GetColumn<float[]>("Score").SelectMany(score => score)];

    private IDataView WithoutCue(IDataView view) => _ml.Transforms.DropColumns("Cue").Fit(view).Transform(view);

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
