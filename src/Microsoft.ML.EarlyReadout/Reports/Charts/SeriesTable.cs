namespace Microsoft.ML.EarlyReadout;

/// <summary>The numbers of a line chart as a table.</summary>
internal static class SeriesTable
{
    /// <summary>A row for each x, a column for each line.</summary>
    /// <param name="caption">What it is; shown above it.</param>
    /// <param name="x">What x is.</param>
    /// <param name="lines">The lines.</param>
    public static Markup Of(string caption, string x, IReadOnlyList<Series> lines)
    {
        Dictionary<double, double>[] byX =
            [.. lines.Select(line => line.Points.DistinctBy(point => point.X).ToDictionary(point => point.X, point => point.Y))];
        return Table.Of(
            caption,
            [x, .. lines.Select(line => line.Name)],
            byX.SelectMany(line => line.Keys).Distinct().Order().Select(at => (IReadOnlyList<Markup>)[Markup.Of($"{at:0.####}"),
                .. byX.Select(line => line.TryGetValue(at, out double y) ? Markup.Of($"{y:0.####}") : new Markup("–"))]));
    }
}
