using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

public sealed class TrialDrawTests
{
    private static readonly SeedSequence Seeds = SeedSequence.Of(1);

    [Fact]
    public void Every_value_and_every_part_of_a_range_is_tried_equally_often()
    {
        Axis[] axes = [Axis.Among("stage", [1, 2, 3]), Axis.Among("depth", [0, 1]), new("rate", null, new LogRange(1e-4, 1e2))];
        IReadOnlyList<double[]> points = TrialDraw.Draw(axes, 12, Seeds);
        Assert.Equal(12, points.Count);
        Assert.All(points.GroupBy(point => point[0]), stage => Assert.Equal(4, stage.Count()));
        Assert.All(points.GroupBy(point => point[1]), depth => Assert.Equal(6, depth.Count()));
        // each half decade once
        Assert.Equal(Enumerable.Range(0, 12), points.Select(point => (int)((Math.Log10(point[2]) + 4) * 2)).Order());
        Assert.NotEqual(points, points.OrderBy(point => point[2])); // and not in order
    }

    [Fact]
    public void The_same_seed_draws_the_same_points_and_another_others()
    {
        Axis[] axes = [new("rate", null, new LogRange(1, 10)), Axis.Among("stage", [1, 2, 3])];
        Assert.Equal(TrialDraw.Draw(axes, 5, Seeds), TrialDraw.Draw(axes, 5, Seeds));
        Assert.NotEqual(TrialDraw.Draw(axes, 5, Seeds), TrialDraw.Draw(axes, 5, SeedSequence.Of(2)));
    }

    [Fact]
    public void A_space_of_fewer_points_than_are_asked_for_is_tried_whole()
    {
        Axis[] axes = [Axis.Among("stage", [1, 2, 2, 3]), Axis.Among("depth", [0, 1]), new("rate", null, LogRange.Fixed(10))];
        Assert.Equal(
            ["1 0 10", "1 1 10", "2 0 10", "2 1 10", "3 0 10", "3 1 10"],
            TrialDraw.Draw(axes, 40, Seeds).Select(point => string.Join(' ', point)));
    }
}
