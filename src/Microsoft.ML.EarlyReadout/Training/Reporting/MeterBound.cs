namespace Microsoft.ML.EarlyReadout.Training;

/// <summary>A bound of meters, which their chart draws as a level.</summary>
/// <param name="Name">How it is written, such as <c>log C</c>.</param>
/// <param name="Value">Its value, in the unit of the meters.</param>
public sealed record MeterBound(string Name, double Value);
