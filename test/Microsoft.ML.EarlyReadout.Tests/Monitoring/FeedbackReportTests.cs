using Microsoft.ML;
using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

/// <summary>The tests that a window is put to: one for each readout, and one for the worst group where there is a baseline.</summary>
public sealed class FeedbackReportTests
{
    private readonly MLContext _ml = new();

    [Fact]
    public void Where_nothing_has_changed_a_window_has_any_alarm_no_more_often_than_it_says()
    {
        const int Windows = 1_000;
        var random = new Random(1);
        // Window and baseline are drawn too, so that the worst group can alarm; from few, since they take their time.
        GroupMetrics[] draws = [.. Enumerable.Range(0, 20).Select(_ => Groups(Right()))];
        int alarms = 0;
        for (int i = 0; i < Windows; i++)
        {
            GroupMetrics[] groups = random.GetItems(draws, 2);
            var report = new FeedbackReport(
                groups[0], groups[1],
                [new("First", Drawn(500), Drawn(100)), new("Second", Drawn(500), Drawn(100)), new("Third", Drawn(500), Drawn(100))],
                [(Drawn(200), Drawn(40)), (Drawn(200), Drawn(40)), (Drawn(200), Drawn(40))], confidence: 0.95, rows: 240);
            if (report.WorstGroupHasFallen == true || report.Readouts.Any(readout => readout.HasDrifted)) alarms++;
        }

        // If each test were made at 0.95, some 8 % of these windows would alarm. As it is, some 2 % do: binned, the rate is less than 5 %.
        Assert.InRange(alarms, 1, 0.05 * Windows);

        int Right() => Enumerable.Range(0, 100).Count(_ => random.NextDouble() < 0.9);

        MarginDistribution Drawn(int count) => MarginDistribution.Of([.. Enumerable.Range(0, count).Select(_ => random.NextSingle())]);
    }

    [Fact]
    public void Each_of_four_tests_has_a_quarter_of_the_false_alarms_and_a_single_one_has_all()
    {
        MarginDistribution ten = MarginDistribution.Of([.. Enumerable.Repeat(0.5f, 10)]);
        FeedbackReport single = Report(right: 90, readouts: 1, hasBaseline: false), four = Report(right: 90, readouts: 3);
        Assert.Equal([ReadoutDrift.Of(new("R", ten, ten), ten, ten, confidence: 0.95)], single.Readouts);
        Assert.Null(single.WorstGroupHasFallen);
        Assert.Equal(3, four.Readouts.Count);
        Assert.All( // √(−½ ln(0.0125 / 2)) = 1.5930
            four.Readouts, readout => Assert.Equal(1.5930 * Math.Sqrt(40 / 400.0), readout.CriticalDistance, 1e-4));
    }

    [Theory]
    [InlineData(72, 0, true)] // up to 0.8052, and the baseline from 0.8238 on
    [InlineData(72, 1, false)] // 0.8157, 0.8122
    [InlineData(69, 3, true)] // 0.7996, 0.8014
    [InlineData(70, 3, false)] // 0.8081, 0.8014
    public void The_worst_group_is_compared_by_intervals_at_its_share_of_the_false_alarms(int right, int readouts, bool hasFallen) =>
        Assert.Equal(hasFallen, Report(right, readouts).WorstGroupHasFallen);

    [Fact]
    public void The_intervals_that_are_compared_are_printed_with_what_they_say()
    {
        FeedbackReport apart = Report(right: 69, readouts: 3), overlapping = Report(right: 70, readouts: 3);
        string group = apart.Baseline!.WorstGroup;
        Assert.Contains( // those of 0.95 are apart too: they end at 0.7876 and begin at 0.8238
            $"Worst group before: 0.9000, {group}. Compared at 0.9875: [0.8014, 0.9605] before, [0.5733, 0.8081] now; it has not fallen "
                + "beyond chance",
            overlapping.ToString(), StringComparison.Ordinal);
        Assert.Contains(" before, [0.5628, 0.7996] now; it has FALLEN", apart.ToString(), StringComparison.Ordinal);
        Assert.Contains("Compared at 0.95: ", Report(right: 70, readouts: 0).ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("Compared", Report(right: 70, readouts: 0, hasBaseline: false).ToString(), StringComparison.Ordinal);
    }

    private FeedbackReport Report(int right, int readouts, bool hasBaseline = true)
    {
        MarginDistribution ten = MarginDistribution.Of([.. Enumerable.Repeat(0.5f, 10)]);
        return new FeedbackReport(
            Groups(right), hasBaseline ? Groups(right: 90) : null,
            [.. Enumerable.Repeat(new ReadoutMargins("R", ten, ten), readouts)], [.. Enumerable.Repeat((ten, ten), readouts)],
            confidence: 0.95, rows: 100);
    }

    // One group of a hundred rows.
    private GroupMetrics Groups(int right) => _ml.MulticlassClassification.EvaluateByGroup(
        ScoredRows.View(_ml, ScoredRows.Rows("landbird", "land", right, wrong: 100 - right)), groupColumnName: "Place");
}
