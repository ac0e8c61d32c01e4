using Microsoft.ML;
using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

public sealed class GroupMetricsTests
{
    private readonly MLContext _ml = new();

    [Fact]
    public void Groups_are_label_by_attribute_in_key_order_with_their_counts_and_accuracies()
    {
        GroupMetrics metrics = Evaluate();
        Assert.Equal(
            [
                "landbird, land",
                "landbird, water",
                "waterbird, land",
                "waterbird, water",
            ],
            metrics.Groups.Select(group => group.Name));
        Assert.Equal([6L, 2, 4, 3], metrics.Groups.Select(group => group.Count));
        Assert.Equal([1, 0.5, 0.25, 1], metrics.Groups.Select(group => group.Accuracy));
        Assert.Equal("waterbird", metrics.Groups[2].Label);
        Assert.Equal(["land"], metrics.Groups[2].Attributes);
        Assert.Null(metrics.Groups[2].TrainingCount);
    }

    [Fact]
    public void Summaries_are_those_worked_by_hand()
    {
        GroupCounts training = new();
        training.Add(3498, "landbird", "land");
        training.Add(184, "landbird", "water");
        training.Add(56, "waterbird", "land");
        training.Add(1057, "waterbird", "water");
        GroupMetrics metrics = Evaluate(new() { TrainingCounts = training });
        Assert.Equal("waterbird, land", metrics.WorstGroup);
        Assert.Equal(0.25, metrics.WorstGroupAccuracy);
        Assert.Equal(11 / 15.0, metrics.AverageAccuracy, 12);
        Assert.Equal((1 + 0.5 + 0.25 + 1) / 4, metrics.UnbiasedAccuracy, 12);
        Assert.Equal((3498 + (0.5 * 184) + (0.25 * 56) + 1057) / 4795, metrics.AdjustedAccuracy!.Value, 12);
        Assert.Equal(((7 / 8.0) + (4 / 7.0)) / 2, metrics.ClassBalancedAccuracy, 12);
        Assert.Equal(["landbird", "waterbird"], metrics.ConfusionMatrix.Classes);
        Assert.Equal([new(0, 0, 7), new(0, 1, 1), new(1, 0, 3), new(1, 1, 4)], metrics.ConfusionMatrix.Cells);
        Assert.Equal(15, metrics.RowCount);
        Assert.Equal(56, metrics.Groups[2].TrainingCount);
    }

    [Fact]
    public void A_score_is_the_figure_that_the_metric_names()
    {
        GroupMetrics metrics = Evaluate();
        Assert.Equal(
            [metrics.AverageAccuracy, metrics.ClassBalancedAccuracy, metrics.WorstGroupAccuracy, metrics.UnbiasedAccuracy],
            [
                metrics.Score(SelectionMetric.AverageAccuracy), metrics.Score(SelectionMetric.ClassBalancedAccuracy),
                metrics.Score(SelectionMetric.WorstGroupAccuracy), metrics.Score(SelectionMetric.UnbiasedAccuracy),
            ]);
        Assert.Throws<ArgumentOutOfRangeException>(() => metrics.Score(SelectionMetric.LastEpoch));
        Assert.Throws<ArgumentOutOfRangeException>(() => metrics.Score((SelectionMetric)99));
    }

    [Fact]
    public void Calibration_error_and_log_loss_are_those_worked_by_hand()
    {
        // Every top score is .8, hence one bin: |11/15 − .8|.
        GroupMetrics metrics = Evaluate();
        Assert.Equal(0.8 - (11 / 15.0), metrics.ExpectedCalibrationError!.Value, 6);
        Assert.Equal(-((11 * Math.Log(0.8)) + (4 * Math.Log(0.2))) / 15, metrics.LogLoss!.Value, 6);
    }

    [Fact]
    public void Calibration_error_sums_the_gaps_of_the_bins()
    {
        // Four bins: [.5, .75) holds .6 right and .7 wrong; [.75, 1] holds .9 right, .9 right and 1.0 wrong.
        ScoredRows.Row Row(float top, bool right) =>
            new()
            {
                Label = "landbird",
                Place = "land",
                PredictedLabel = right ? "landbird" : "waterbird",
                Score = right ? [top, 1 - top] : [1 - top, top],
            };
        GroupMetrics metrics = Evaluate(
            new() { CalibrationBins = 4 }, [Row(0.6f, true), Row(0.7f, false), Row(0.9f, true), Row(0.9f, true), Row(1, false)]);
        Assert.Equal((Math.Abs(1 - 1.3) + Math.Abs(2 - 2.8)) / 5, metrics.ExpectedCalibrationError!.Value, 6);
    }

    [Theory]
    [InlineData(3, -2)]
    [InlineData(0.4f, 0.2f)]
    public void Scores_that_are_no_probabilities_give_no_log_loss_and_no_calibration_error(float first, float second)
    {
        ScoredRows.Row[] rows = ScoredRows.Birds;
        rows[3].Score = [first, second];
        GroupMetrics metrics = Evaluate(null, rows);
        Assert.Null(metrics.LogLoss);
        Assert.Null(metrics.ExpectedCalibrationError);
        Assert.Equal(11 / 15.0, metrics.AverageAccuracy, 12);
    }

    [Fact]
    public void A_score_that_is_not_finite_is_counted_and_its_row_still_judged()
    {
        ScoredRows.Row[] rows = ScoredRows.Birds;
        rows[0].Score = [float.NaN, 0.2f];
        rows[0].PredictedLabel = "";
        rows[1].Score = [float.PositiveInfinity, 0];
        GroupMetrics metrics = Evaluate(null, rows);
        Assert.Equal(2, metrics.InvalidScores);
        Assert.Equal(1, metrics.MissingPredictions);
        Assert.Equal(10 / 15.0, metrics.AverageAccuracy, 12);
        Assert.Equal(-((9 * Math.Log(0.8)) + (4 * Math.Log(0.2))) / 13, metrics.LogLoss!.Value, 6);
    }

    [Fact]
    public void Attribute_only_takes_the_grouping_as_it_is_and_sums_the_training_counts_over_labels()
    {
        GroupCounts training = new();
        training.Add(30, "landbird", "land");
        training.Add(10, "waterbird", "land");
        training.Add(60, "waterbird", "water");
        GroupMetrics metrics = Evaluate(new() { Grouping = Grouping.AttributeOnly, TrainingCounts = training });
        Assert.Equal(["land", "water"], metrics.Groups.Select(group => group.Name));
        Assert.Equal([7L, 4], metrics.Groups.Select(group => group.Correct));
        Assert.All(metrics.Groups, group => Assert.Null(group.Label));
        Assert.Equal((0.4 * 0.7) + (0.6 * 0.8), metrics.AdjustedAccuracy!.Value, 12);
    }

    [Fact]
    public void Rows_without_label_or_group_are_left_out_counted_and_said_in_the_log()
    {
        List<string> log = [];
        _ml.Log += (_, entry) => log.Add(entry.RawMessage);
        GroupMetrics metrics = Evaluate(null,
        [
            .. ScoredRows.Birds,
            new() { Label = "", Place = "land" }, new() { Label = "", Place = "" }, new() { Label = "landbird", Place = "" },
        ]);
        Assert.Equal(15, metrics.RowCount);
        Assert.Equal(2, metrics.RowsWithoutLabel);
        Assert.Equal(1, metrics.RowsWithoutGroup);
        Assert.Contains("Rows without a label, left out of the evaluation by group: 2.", log);
        Assert.Contains("Rows without a group value, left out of the evaluation by group: 1.", log);
    }

    [Fact]
    public void A_class_that_the_model_does_not_know_counts_as_wrong()
    {
        List<string> log = [];
        _ml.Log += (_, entry) => log.Add(entry.RawMessage);
        ScoredRows.Row[] rows =
        [
            .. ScoredRows.Birds,
            new() { Label = "seabird", PredictedLabel = "waterbird", Place = "water", Score = [0.2f, 0.8f] },
        ];
        GroupMetrics metrics = _ml.MulticlassClassification.EvaluateByGroup(
            ScoredRows.View(_ml, rows, ["seabird", "waterbird", "landbird"]), "Place");
        Assert.Equal("seabird, water", metrics.WorstGroup);
        Assert.Equal(0, metrics.WorstGroupAccuracy);
        Assert.Equal(["landbird", "waterbird", "seabird"], metrics.ConfusionMatrix.Classes);
        Assert.Equal([new(2, 1, 1)], metrics.ConfusionMatrix.Cells.Where(cell => cell.TrueClass == 2));
        Assert.Equal([0L, 1, 0], Enumerable.Range(0, 3).Select(predicted => metrics.ConfusionMatrix[2, predicted]));
        Assert.Equal(-((11 * Math.Log(0.8)) + (4 * Math.Log(0.2)) + Math.Log(1e-15)) / 16, metrics.LogLoss!.Value, 5);
        Assert.Contains(
            "Rows whose class in column 'Label' the model does not know, counted as wrong (classes: 1, the first 'seabird'): 1.", log);
    }

    [Theory]
    [InlineData(Grouping.LabelAndAttribute)]
    [InlineData(Grouping.AttributeOnly)]
    public void A_number_of_many_values_taken_for_the_label_or_the_group_costs_no_more_a_row_than_a_real_one(Grouping groupBy)
    {
        Assert.InRange(Allocated(4000) / (double)Allocated(500), 0, 12);

        // Each row is of a class, a group and a pair of classes of its own; bytes are counted, for a clock would tell on the machine.
        long Allocated(int rows)
        {
            ScoredRows.Row[] scored = [.. Enumerable.Range(0, rows)
                .Select(i => new ScoredRows.Row { Label = $"{i}.5", PredictedLabel = "landbird", Place = $"{i}" })];
            string[] labels = [.. scored.Select(row => row.Label)];
            IDataView view = ScoredRows.View(_ml, scored, labels);
            GroupCounts training = new();
            foreach (ScoredRows.Row row in scored) training.Add(3, row.Label, row.Place);
            long before = GC.GetAllocatedBytesForCurrentThread();
            GroupMetrics metrics = _ml.MulticlassClassification.EvaluateByGroup(
                view, "Place", options: new() { Grouping = groupBy, TrainingCounts = training });
            long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.Equal(rows, metrics.Groups.Count);
            Assert.Equal(rows, metrics.ConfusionMatrix.Cells.Count);
            Assert.All(metrics.Groups, group => Assert.Equal(3, group.TrainingCount));
            return allocated;
        }
    }

    [Fact]
    public void Training_counts_add_up_and_are_found_by_label_and_attributes()
    {
        GroupCounts counts = new();
        counts.Add(3, "a", "x", "y");
        counts.Add(4, "a", "x", "y");
        counts.Add(5, "b", "x", "y");
        counts.Add(6, "a", "xy", "");
        Assert.Equal(
            [7L, 12, 6, 0, 0],
            [
                counts.CountOf("a", "x", "y"),
                counts.CountOf(null, "x", "y"),
                counts.CountOf("a", "xy", ""),
                counts.CountOf("a", "x"),
                counts.CountOf("c", "x", "y"),
            ]);
        Assert.Equal("a, x, y: 7; b, x, y: 5; a, xy, : 6", counts.ToString());
    }

    [Fact]
    public void Several_group_columns_form_groups_together()
    {
        GroupMetrics metrics = _ml.MulticlassClassification.EvaluateByGroup(ScoredRows.View(_ml, ScoredRows.Birds), ["Place", "Sunny"]);
        Assert.Equal("landbird, water, Sunny=False", metrics.WorstGroup);
        Assert.Equal([6L, 1, 1, 3, 1, 3], metrics.Groups.Select(group => group.Count));
        Assert.Equal([6L, 0, 1, 0, 1, 3], metrics.Groups.Select(group => group.Correct));
        Assert.Equal(["land", "False"], metrics.Groups[3].Attributes);
    }

    private GroupMetrics Evaluate(GroupEvaluationOptions? options = null, ScoredRows.Row[]? rows = null) =>
        _ml.MulticlassClassification.EvaluateByGroup(ScoredRows.View(_ml, rows ?? ScoredRows.Birds), "Place", options: options);
}
