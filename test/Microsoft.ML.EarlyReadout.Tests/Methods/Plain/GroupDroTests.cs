using System.Text.Json;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;
using TorchSharp;
using static TorchSharp.torch;

namespace MLSieve.Tests;

/// <summary>Group DRO against PyTorch (test/golden/group_dro.py), and its batches.</summary>
public sealed class GroupDroTests
{
    private readonly MLContext _ml = new(seed: 1);

    [Fact]
    public void Losses_and_gradients_are_the_references()
    {
        NativeBackend.EnsureLoaded();
        using JsonDocument file = Golden.Json("group_dro.json");
        JsonElement[] steps = [.. file.RootElement.GetProperty("steps").EnumerateArray()];
        using var scope = NewDisposeScope();
        int[] labels = [.. steps.SelectMany(step => Integers(step, "labels"))],
            groups = [.. steps.SelectMany(step => Integers(step, "groups"))];
        using TrainingSet set = Set(labels, groups, file.RootElement.GetProperty("groups").GetInt32());
        using var risk = new GroupDroRisk(TrainingRows.AllOf(set), file.RootElement.GetProperty("eta").GetDouble(), CPU, LabelLoss.Plain);
        int count = labels.Length / steps.Length;
        foreach ((int i, JsonElement step) in steps.Index())
        {
            Tensor logits = tensor(Numbers(step, "logits")).reshape(count, -1).requires_grad_();
            Tensor loss = risk.Of(logits, set.Gather([.. Enumerable.Range(count * i, count).Select(row => (long)row)], CPU));
            loss.backward();
            Assert.Equal(step.GetProperty("loss").GetDouble(), loss.ToDouble(), 1e-5);
            AssertNear(Numbers(step, "gradient"), logits.grad!.data<float>().ToArray());
            AssertNear(
                [.. step.GetProperty("shares").EnumerateArray().Select(share => share.GetSingle())],
                Shares(risk));
        }
    }

    [Fact]
    public void A_group_without_training_rows_takes_nothing_from_the_others()
    {
        NativeBackend.EnsureLoaded();
        using var scope = NewDisposeScope();
        using TrainingSet set = Set([0, 0, 1, 1, 2], [0, 0, 1, 1, 2], groupCount: 3);
        using var risk = new GroupDroRisk(new TrainingRows(set, [0, 1, 2, 3]), rate: 0.01, CPU, LabelLoss.Plain);
        Assert.Equal([0.5f, 0.5f, 0], Shares(risk));
        Assert.Equal(Math.Log(3), risk.Of(zeros(4, 3), set.Gather([0, 1, 2, 3], CPU)).ToDouble(), 1e-5); // every row's loss is log 3
    }

    [Fact]
    public void Example_weights_multiply_the_losses_of_which_a_groups_is_the_mean()
    {
        NativeBackend.EnsureLoaded();
        using var scope = NewDisposeScope();
        using TrainingSet set = Set([0, 1, 2], [0, 0, 1], groupCount: 2);
        using var loss = new LabelLoss(0, [1, 2, 3], CPU);
        using var risk = new GroupDroRisk(TrainingRows.AllOf(set), rate: 0.5, CPU, loss);
        // Every row's loss is log 3 times its weight: 1.5·log 3 in the first group, 3·log 3 in the second.
        double first = Math.Pow(3, 0.75), second = Math.Pow(3, 1.5);
        double[] shares = [first / (first + second), second / (first + second)];
        Assert.Equal(
            Math.Log(3) * ((1.5 * shares[0]) + (3 * shares[1])), risk.Of(zeros(3, 3), set.Gather([0, 1, 2], CPU)).ToDouble(), 1e-5);
        AssertNear([.. shares.Select(share => (float)share)], Shares(risk));
    }

    [Fact]
    public void Losses_whose_exponential_is_infinite_leave_shares_that_sum_to_one()
    {
        NativeBackend.EnsureLoaded();
        using var scope = NewDisposeScope();
        using TrainingSet set = Set([0, 0], [0, 1], groupCount: 2);
        using var far = new GroupDroRisk(TrainingRows.AllOf(set), rate: 1, CPU, LabelLoss.Plain);
        Assert.Equal(2e5, Of(far, 1e5f, 2e5f), 1e-5);
        Assert.Equal([0f, 1f], Shares(far));
        Assert.Equal(1e5, Of(far, 2e5f, 1e5f), 1e-5); // a share of 0 stays
        Assert.Equal([0f, 1f], Shares(far));

        using var near = new GroupDroRisk(TrainingRows.AllOf(set), rate: 1, CPU, LabelLoss.Plain);
        Of(near, 1e5f, 1e5f + 1);
        AssertNear([(float)(1 / (1 + Math.E)), (float)(Math.E / (1 + Math.E))], Shares(near));

        // the loss of a row of class 0 is the logit of class 1, which is far above the others
        double Of(GroupDroRisk risk, float first, float second) =>
            risk.Of(tensor(new[] { 0, first, 0, 0, second, 0 }).reshape(2, 3), set.Gather([0, 1], CPU)).ToDouble();
    }

    [Fact]
    public void Shares_are_those_of_the_formula_also_of_a_group_that_is_not_in_the_batch()
    {
        NativeBackend.EnsureLoaded();
        using var scope = NewDisposeScope();
        using TrainingSet set = Set([0, 0, 0], [0, 1, 2], groupCount: 3);
        using var risk = new GroupDroRisk(TrainingRows.AllOf(set), rate: 0.5, CPU, LabelLoss.Plain);
        double[] shares = [1 / 3.0, 1 / 3.0, 1 / 3.0];
        foreach (float logit in new[] { 0.5f, 2, -1 })
        {
            risk.Of(tensor(new[] { 0, logit, 0, logit, 0, 0 }).reshape(2, 3), set.Gather([0, 1], CPU));
            double all = Math.Log(2 + Math.Exp(logit));
            double[] losses = [all, all - logit, 0];
            double[] raised = [.. shares.Zip(losses, (share, loss) => share * Math.Exp(0.5 * loss))];
            shares = [.. raised.Select(share => share / raised.Sum())];
            AssertNear([.. shares.Select(share => (float)share)], Shares(risk));
        }
    }

    [Fact]
    public void Balanced_order_draws_every_group_alike_and_in_it_every_row()
    {
        int[] groups = [.. Enumerable.Repeat(0, 900), .. Enumerable.Repeat(2, 90), .. Enumerable.Repeat(1, 10)];
        using TrainingSet set = Set(new int[1000], groups, groupCount: 4); // no row is of the last group
        var rows = new TrainingRows(set, [.. Enumerable.Range(0, 1000).Where(row => row % 10 != 3).Select(row => (long)row)]);
        long[] drawn =
        [
            .. Enumerable.Range(1, 40).SelectMany(epoch => EpochOrder.GroupBalanced(rows, SeedSequence.Of(5).For("shuffle", epoch))),
        ];
        Assert.Equal(40 * rows.Indices.Length, drawn.Length); // 36,000; one group in three
        Assert.DoesNotContain(drawn, row => row % 10 == 3);
        foreach (int group in new[] { 0, 1, 2 })
        {
            // Five standard deviations of a binomial: √(36,000 · 1/3 · 2/3) = 89.
            Assert.InRange(drawn.Count(row => groups[row] == group), 12_000 - 450, 12_000 + 450);
            long[] members = [.. rows.Indices.Where(row => groups[row] == group)];
            Dictionary<long, int> counts = drawn.Where(row => groups[row] == group)
                .GroupBy(row => row)
                .ToDictionary(row => row.Key, row => row.Count());
            double expected = 12_000.0 / members.Length;
            Assert.All(members, row =>
                Assert.InRange(counts.GetValueOrDefault(row), expected - 6 * Math.Sqrt(expected), expected + 6 * Math.Sqrt(expected)));
        }

        Assert.Equal(EpochOrder.GroupBalanced(rows, SeedSequence.Of(5)), EpochOrder.GroupBalanced(rows, SeedSequence.Of(5)));
        Assert.NotEqual(EpochOrder.GroupBalanced(rows, SeedSequence.Of(5)), EpochOrder.GroupBalanced(rows, SeedSequence.Of(6)));
    }

    [Theory]
    [InlineData(ObjectiveKind.GroupDro, true, true)]
    [InlineData(ObjectiveKind.GroupDro, false, false)]
    [InlineData(ObjectiveKind.EmpiricalRisk, true, false)]
    public void Group_dro_sees_groups_alike_often_unless_it_is_told_not_to(ObjectiveKind kind, bool option, bool balanced)
    {
        int conflicts = 0, all = 0;
        BiasedRow[] rows = BiasedRow.Draw(2000);
        foreach (BiasedRow row in rows) row.Features[3] = row.Cue == "conflicts" ? 1 : 0;
        var options = new EarlyReadoutEstimator.Options
        {
            Taps = [],
            GroupColumnName = "Cue",
            Objective = { Kind = kind, GroupDro = { BalancedBatches = option } },
            Epochs = 1,
            Seed = 3,
            Network = { Custom = (shape, classes) => new SeeingNetwork(classes, features =>
            {
                all += (int)features.size(0);
                conflicts += (int)features.select(1, 3).sum().ToDouble();
            }) },
        };
        _ml.Transforms.EarlyReadout(options).Fit(BiasedRow.View(_ml, rows)).Dispose();
        double share = rows.Count(row => row.Cue == "conflicts") / 2000.0;
        Assert.True(all >= 2000);
        // 8 groups, 4 of them conflict
        Assert.InRange(conflicts / (double)all, balanced ? 0.44 : share - 0.01, balanced ? 0.56 : share + 0.01);
    }

    private static float[] Shares(GroupDroRisk risk) => risk.State.Single().Tensor.data<float>().ToArray();

    private static TrainingSet Set(int[] labels, int[] groups, int groupCount)
    {
        using var packer = new RowPacker(FeatureShape.Vector(1), Rows.Budget(Rows.Gigabyte));
        foreach (int _ in labels) packer.Add(new float[1]);
        return new TrainingSet
        {
            Features = packer.Finish(),
            ClassNames = ["0", "1", "2"],
            HasClassNames = false,
            SkippedRows = 0,
            Labels = labels,
            Groups = groups,
            GroupNames = [.. Enumerable.Range(0, groupCount).Select(group => $"group {group}")],
        };
    }

    private static IEnumerable<int> Integers(JsonElement step, string name) =>
        step.GetProperty(name).EnumerateArray().Select(value => value.GetInt32());

    private static float[] Numbers(JsonElement step, string name) =>
        [.. step.GetProperty(name).EnumerateArray().SelectMany(row => row.EnumerateArray().Select(value => value.GetSingle()))];

    private static void AssertNear(float[] expected, float[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++) Assert.Equal(expected[i], actual[i], 1e-5f);
    }

    private sealed class SeeingNetwork : StagedNetwork
    {
        public SeeingNetwork(int classes, Action<Tensor> see) : base("seeing", FeatureShape.Vector(4), classes)
        {
            AddStage("first", new Seen(see), new Linear(4, 16), new Relu());
            SetHead("head", new Linear(16, classes));
        }
    }

    private sealed class Seen : Layer
    {
        private readonly Action<Tensor> _see;

        public Seen(Action<Tensor> see) : base("seen")
        {
            _see = see;
            RegisterComponents();
        }

        public override Tensor forward(Tensor input)
        {
            if (is_grad_enabled()) _see(input);
            return input.alias();
        }

        public override string Export(OnnxGraph graph, string input) => input;
    }
}
