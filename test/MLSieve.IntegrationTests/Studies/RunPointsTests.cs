using System.Text.Json;
using Studies;

namespace MLSieve.Tests;

/// <summary>What the lines of a queue say of each validation.</summary>
public sealed class RunPointsTests
{
    private static readonly RunPoints Points = new()
    {
        Steps = [10, 20],
        Selected = 20,
        Rows = new Dictionary<string, long> { ["cat, agrees"] = 10, ["cat, conflicts"] = 4, ["dog, agrees"] = 20, ["dog, conflicts"] = 6 },
        Right = [[10, 1, 15, 0], [9, 4, 19, 2]],
        Losses = new Dictionary<string, IReadOnlyList<double?>> { ["main"] = [0.7, 0.12346], ["forget"] = [null, 0.8] },
    };

    [Fact]
    public void Figures_follow_from_the_rows_that_are_right_in_each_group()
    {
        Assert.Equal([25 / 30.0, 28 / 30.0], Points.Figure(StudyMetrics.Agreeing));
        Assert.Equal([1 / 10.0, 6 / 10.0], Points.Figure(StudyMetrics.Conflicting));
        Assert.Equal([0, 2 / 6.0], Points.Figure(StudyMetrics.Worst));
        Assert.Equal([26 / 40.0, 34 / 40.0], Points.Figure(StudyMetrics.Average));
        Assert.Equal((1 + 0.25 + 0.75 + 0) / 4, Points.Figure(StudyMetrics.Unbiased)![0], 1e-12);
        Assert.Equal((0.9 + 1 + 0.95 + (2 / 6.0)) / 4, Points.Figure(StudyMetrics.Unbiased)![1], 1e-12);
        Assert.Null(Points.Figure(StudyMetrics.Flips));
        Assert.Equal(2, Points.Classes);
    }

    [Fact]
    public void Where_the_attribute_neither_agrees_nor_conflicts_there_are_no_such_figures()
    {
        RunPoints pets = Points with
        {
            Rows = new Dictionary<string, long> { ["cat, land"] = 10, ["cat, sea"] = 4, ["dog, land"] = 20, ["dog, sea"] = 6 },
        };
        Assert.Null(pets.Figure(StudyMetrics.Agreeing));
        Assert.Null(pets.Figure(StudyMetrics.Conflicting));
        Assert.Equal(Points.Figure(StudyMetrics.Worst), pets.Figure(StudyMetrics.Worst));
    }

    [Fact]
    public void A_line_gives_back_what_was_written_and_an_older_one_is_read_without()
    {
        RunPoints again = JsonSerializer.Deserialize<RunPoints>(JsonSerializer.Serialize(Points, FinishedRun.Line), FinishedRun.Line)!;
        Assert.Equal(Points.Steps, again.Steps);
        Assert.Equal(Points.Selected, again.Selected);
        Assert.Equal(Points.Rows, again.Rows);
        Assert.Equal(Points.Right, again.Right);
        Assert.Equal(Points.Losses, again.Losses);

        FinishedRun[] committed = [.. FinishedRuns.All(Path.Combine(Repository.Root, "benchmarks", "Studies", "results"))];
        Assert.Contains(committed, run => run.Points is null && run.Curve.Count > 0);
    }
}
