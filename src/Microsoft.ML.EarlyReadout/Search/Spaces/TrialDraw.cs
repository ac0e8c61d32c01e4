namespace Microsoft.ML.EarlyReadout;

/// <summary>Draws the points of a space that a search tries.</summary>
/// <remarks>
/// A Latin hypercube (McKay, Beckman and Conover, 1979): each axis is cut into as many equal parts as there are points, and each part has
/// one point. So every stage, and every part of every range, is tried equally often however few the points, which independent draws do
/// not promise. A space that has no more points than are asked for is tried whole.
/// </remarks>
internal static class TrialDraw
{
    /// <summary>Draws points that differ.</summary>
    /// <param name="axes">The axes.</param>
    /// <param name="count">How many points are wanted. There are fewer where draws coincide, or the space has no more.</param>
    /// <param name="seeds">What is drawn by.</param>
    /// <returns>For each point, its value on each axis, in the order of the axes.</returns>
    public static IReadOnlyList<double[]> Draw(IReadOnlyList<Axis> axes, int count, SeedSequence seeds)
    {
        if (PointsOf(axes) <= count) return [.. All(axes)];
        (Axis Axis, long[] Parts, SplitMix64 Numbers)[] columns =
            [.. axes.Select(axis => (axis, seeds.For(axis.Option).Permutation(count), seeds.For(axis.Option + " within").Numbers()))];
        var points = new List<double[]>();
        var seen = new HashSet<string>();
        for (int i = 0; i < count; i++)
        {
            var point = new double[columns.Length];
            for (int axis = 0; axis < point.Length; axis++)
                point[axis] = columns[axis].Axis.At((columns[axis].Parts[i] + columns[axis].Numbers.NextDouble()) / count);
            if (seen.Add(string.Join(' ', point))) points.Add(point);
        }

        return points;
    }

    private static double PointsOf(IReadOnlyList<Axis> axes) =>
        axes.Aggregate(1.0, (points, axis) => points * (axis.Count ?? double.PositiveInfinity));

    private static IEnumerable<double[]> All(IReadOnlyList<Axis> axes) => axes.Aggregate(
        (IEnumerable<double[]>)[[]],
        (points, axis) => points.SelectMany(point => (axis.Values ?? [axis.Range.From]).Select(value => (double[])[.. point, value])));
}
