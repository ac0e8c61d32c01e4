using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

public sealed class GroupNameTests
{
    private readonly MLContext _ml = new(seed: 1);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Training_search_evaluation_profile_and_report_name_groups_alike(bool keysHaveValues)
    {
        IDataView view = keysHaveValues ? BiasedRow.View(_ml) : KeysWithoutValues();
        string[] expected = keysHaveValues
            ? [.. from quarter in Enumerable.Range(0, 4) from cue in new[] { "agrees", "conflicts" } select $"quarter {quarter}, {cue}"]
            : ["0, 0", "0, 1", "1, 0", "1, 1"];

        using (TrainingSet set = TrainingSet.Read(
            view, new TrainingColumns("Features", "Label", "Cue"), new InputOptions(), new MemoryBudget(long.MaxValue, "", _ => { }),
            _ => { }, _ => { }, CancellationToken.None))
        {
            Assert.Equal(expected, set.GroupNames);
            Assert.Equal(expected, RowGroups.Of(set, set).Select(group => group.Name));
            if (!keysHaveValues) Assert.Equal(["0", "1"], set.ClassNames);
        }

        using EarlyReadoutTransformer model = _ml.MulticlassClassification.Trainers.EarlyReadout(new EarlyReadoutEstimator.Options
        {
            GroupColumnName = "Cue",
            Network = { HiddenUnits = [8] },
            Epochs = 1,
            ValidationSet = view,
        }).Fit(view);
        Assert.Equal(expected, model.History.Points[^1].Groups.Select(group => group.Name));

        IDataView scored = model.Transform(view);
        GroupMetrics metrics = _ml.MulticlassClassification.EvaluateByGroup(scored, "Cue");
        Assert.Equal(expected, metrics.Groups.Select(group => group.Name));
        Assert.Contains(metrics.WorstGroup, expected);
        ReadoutProfile profile = _ml.MulticlassClassification.ProfileReadouts(scored, model.ReadoutNames, "Cue");
        Assert.Equal(expected, profile.Readouts[0].Groups.Select(group => group.Name));

        string report = _ml.MulticlassClassification
            .CreateReport(view, [new ReportedModel("model", model)], new ReportOptions { GroupColumnName = "Cue" }).Html;
        Assert.All(expected, name => Assert.Contains($">{name}<", report, StringComparison.Ordinal));
    }

    private IDataView KeysWithoutValues()
    {
        var random = new Random(1);
        return _ml.Data.LoadFromEnumerable(Enumerable.Range(0, 80).Select(row => new Row
        {
            Features = [random.NextSingle(), random.NextSingle()],
            Label = (uint)(row % 2),
            Cue = (uint)(row / 2 % 2),
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
    }
}
