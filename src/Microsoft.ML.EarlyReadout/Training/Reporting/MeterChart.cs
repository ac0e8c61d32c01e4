namespace Microsoft.ML.EarlyReadout.Training;

/// <summary>A chart of their own for some meters of one unit.</summary>
/// <param name="Title">What it shows, such as <c>entropy of the attention</c>.</param>
/// <param name="Note">How to read it: whole sentences for its caption.</param>
public sealed record MeterChart(string Title, string Note)
{
    /// <summary>What the lines cannot pass, or should come to.</summary>
    /// <value>The default value is <see langword="null"/>: there is no bound.</value>
    public MeterBound? Bound { get; init; }
}
