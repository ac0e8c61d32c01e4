using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

public sealed class GroupNameTests
{
    private readonly MLContext _ml = new(seed: 1);

    [Fact]
    public void Groups_of_keys_with_values_are_named_alike_everywhere() => AssertNames(
        BiasedRow.View(_ml), "Cue",
        [.. from quarter in Enumerable.Range(0, 4) from cue in new[] { "agrees", "conflicts" } select $"quarter {quarter}, {cue}"]);

    [Fact]
    public void Groups_of_keys_without_values_are_counted_from_zero_everywhere() =>
        AssertNames(WithoutValues(), "Cue", ["0, 0", "0, 1", "1, 0", "1, 1"], ["0", "1"]);

    [Fact]
    public void Groups_of_a_bool_have_its_column_s_name_everywhere() =>
        AssertNames(WithoutValues(), "Flag", ["0, Flag=False", "0, Flag=True", "1, Flag=False", "1, Flag=True"]);

    [Theory]
    [InlineData("Cue", "'1, 1'")]
    [InlineData("Flag", "'1, Flag=True'")]
    public void The_log_names_groups_as_the_figures_do(string groupColumn, string name)
    {
        var log = new List<string>();
        _ml.Log += (_, line) => log.Add(line.RawMessage);
        using EarlyReadoutTransformer model = Trainer(groupColumn).Fit(WithoutValues(), WithoutValues(groups: 3));
        Assert.Single(log, line => line.Contains(
            $"no validation rows for 1 of 4 groups, so no validation figure counts them: {name} (training rows: 20)",
            StringComparison.Ordinal));
    }

    private void AssertNames(IDataView view, string groupColumn, string[] expected, string[]? classes = null)
    {
        using (TrainingSet set = TrainingSet.Read(
            view, new TrainingColumns("Features", "Label", groupColumn), new InputOptions(), new MemoryBudget(long.MaxValue, "", _ => { }),
            _ => { }, _ => { }, CancellationToken.None))
        {
            Assert.Equal(expected, set.GroupNames);
            Assert.Equal(expected, RowGroups.Of(set, set).Select(group => group.Name));
            if (classes is not null) Assert.Equal(classes, set.ClassNames);
        }

        using EarlyReadoutTransformer model = Trainer(groupColumn).Fit(view, view);
        Assert.Equal(expected, model.History.Points[^1].Groups.Select(group => group.Name));

        IDataView scored = model.Transform(view);
        GroupMetrics metrics = _ml.MulticlassClassification.EvaluateByGroup(scored, groupColumn);
        Assert.Equal(expected, metrics.Groups.Select(group => group.Name));
        Assert.Contains(metrics.WorstGroup, expected);
        ReadoutProfile profile = _ml.MulticlassClassification.ProfileReadouts(scored, model.ReadoutNames, groupColumn);
        Assert.Equal(expected, profile.Readouts[0].Groups.Select(group => group.Name));

        string report = _ml.MulticlassClassification
            .CreateReport(view, [new ReportedModel("model", model)], new ReportOptions { GroupColumnName = groupColumn }).Html;
        Assert.All(expected, name => Assert.Contains($">{name}<", report, StringComparison.Ordinal));
    }

    private EarlyReadoutEstimator Trainer(string groupColumn) =>
        _ml.MulticlassClassification.Trainers.EarlyReadout(new EarlyReadoutEstimator.Options
        {
            GroupColumnName = groupColumn,
            Network = { HiddenUnits = [8] },
            Epochs = 1,
        });

    private IDataView WithoutValues(int groups = 4)
    {
        var random = new Random(1);
        return _ml.Data.LoadFromEnumerable(Enumerable.Range(0, 80).Where(row => row % 4 < groups).Select(row => new Row
        {
            Features = [random.NextSingle(), random.NextSingle()],
            Label = (uint)(row % 2),
            Cue = (uint)(row / 2 % 2),
            Flag = row / 2 % 2 == 1,
        }).ToArray());
    }

    private sealed class Row
    {
        [VectorType(2)]
        public float[] Features { get; set; } = [];

        [KeyType(2)]
        public uint Label { get; set; }

        [KeyType(2)]
        public uint Cue { get; set; }

        public bool Flag { get; set; }
    }
}
