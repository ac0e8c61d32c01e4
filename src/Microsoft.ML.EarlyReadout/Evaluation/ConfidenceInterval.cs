namespace Microsoft.ML.EarlyReadout;

/// <summary>An interval of accuracies, both ends included and within [0, 1].</summary>
/// <param name="Low">The lower end.</param>
/// <param name="High">The upper end.</param>
public readonly record struct ConfidenceInterval(double Low, double High);
