namespace Microsoft.ML.EarlyReadout;

/// <summary>A line of a chart.</summary>
/// <param name="Name">What it is called in the legend.</param>
/// <param name="Points">Its points, ascending by X; at least one.</param>
internal sealed record Series(string Name, IReadOnlyList<(double X, double Y)> Points)
{
    /// <summary>Its style, where the same series is in several charts; otherwise its place in the chart.</summary>
    public int? Style { get; init; }
}
