using System.Text.Json;
using Microsoft.ML;
using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

public sealed class GroupMetricsTextTests
{
    private readonly MLContext _ml = new();

    [Fact]
    public void The_table_shows_groups_and_summaries()
    {
        IDataView training = ScoredRows.View(
            _ml, [.. ScoredRows.Rows("landbird", "land", 1200, 0), .. ScoredRows.Rows("waterbird", "land", 3, 0)]);
        string expected = """
            Group             Rows  Training  Accuracy  95 % interval
            landbird, land       6     1,200    1.0000  [0.5407, 1.0000]
            landbird, water      2         0    0.5000  [0.0126, 0.9874]
            waterbird, land      4         3    0.2500  [0.0063, 0.8059]  worst
            waterbird, water     3         0    1.0000  [0.2924, 1.0000]

            Worst group         0.2500  [0.0063, 0.8803]  waterbird, land
            Average             0.7333  [0.4490, 0.9221]  15 rows
            Unbiased            0.6875  [0.4364, 0.8723]  plain mean of the groups
            Adjusted            0.9981                    groups weighted by training rows
            Class-balanced      0.7232                    plain mean of the classes
            Calibration error   0.0667                    expected, of the top score
            Log-loss            0.5928                    nats a row
            Rows left out, without a label: 1

            """;
        GroupMetrics metrics = Evaluate(
            [.. ScoredRows.Birds, new() { Place = "land" }], new() { TrainingCounts = GroupCounts.From(training, "Label", "Place") });
        Assert.Equal(expected, metrics.ToString(), ignoreLineEndingDifferences: true);
    }

    [Fact]
    public void The_table_fits_100_columns_however_long_the_names()
    {
        string place = string.Concat(Enumerable.Repeat("a very long place name ", 10));
        string table = Evaluate([.. ScoredRows.Rows("waterbird", place, 3, 1)]).ToString();
        Assert.Contains('…', table);
        Assert.All(table.Split('\n'), line => Assert.InRange(line.TrimEnd().Length, 0, 100));
    }

    [Fact]
    public void Of_two_groups_of_one_name_the_worse_is_marked()
    {
        IDataView rows = ScoredRows.View(
            _ml, [.. ScoredRows.Rows("landbird", "x, y", right: 2, wrong: 0), .. ScoredRows.Rows("landbird, x", "y", right: 0, wrong: 3)],
            labelKeys: ["landbird", "landbird, x"]);
        string table = _ml.MulticlassClassification.EvaluateByGroup(rows, "Place").ToString();
        string[] groups = [.. table.Split('\n').Where(line => line.StartsWith("landbird, x, y ", StringComparison.Ordinal))];
        Assert.Equal([false, true], groups.Select(line => line.TrimEnd().EndsWith("worst", StringComparison.Ordinal)));
    }

    [Fact]
    public void Json_round_trips_with_camel_case_names()
    {
        GroupMetrics metrics = Evaluate(ScoredRows.Birds);
        string json = metrics.ToJson();
        JsonElement root = JsonDocument.Parse(json).RootElement;
        Assert.Equal(0.25, root.GetProperty("worstGroupAccuracy").GetDouble());
        Assert.Equal(11 / 15.0, root.GetProperty("averageAccuracy").GetDouble());
        Assert.Equal(0.6875, root.GetProperty("unbiasedAccuracy").GetDouble());
        Assert.Equal(JsonValueKind.Null, root.GetProperty("adjustedAccuracy").ValueKind);
        Assert.Equal("landbird, water", root.GetProperty("groups")[1].GetProperty("name").GetString());
        Assert.Equal(0.8059, root.GetProperty("groups")[2].GetProperty("accuracyInterval").GetProperty("high").GetDouble(), 4);
        Assert.Equal(3, root.GetProperty("confusionMatrix").GetProperty("cells")[2].GetProperty("count").GetInt64());

        GroupMetrics read = GroupMetrics.FromJson(json);
        Assert.Equal(json, read.ToJson());
        Assert.Equal(metrics.ToString(), read.ToString());
        Assert.Equal(metrics.ConfusionMatrix[1, 0], read.ConfusionMatrix[1, 0]);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("worst")]
    public void Json_that_is_no_metrics_is_an_error(string json) => Assert.Throws<JsonException>(() => GroupMetrics.FromJson(json));

    private GroupMetrics Evaluate(IEnumerable<ScoredRows.Row> rows, GroupEvaluationOptions? options = null) =>
        _ml.MulticlassClassification.EvaluateByGroup(ScoredRows.View(_ml, rows), "Place", options: options);
}
