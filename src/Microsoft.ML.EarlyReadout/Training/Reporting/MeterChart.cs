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

/// <summary>A bound of meters, which their chart draws as a level.</summary>
/// <param name="Name">How it is written, such as <c>log C</c>.</param>
/// <param name="Value">Its value, in the unit of the meters.</param>
public sealed record MeterBound(string Name, double Value);
