namespace Microsoft.ML.EarlyReadout.Search;

/// <summary>A point of a run's curve.</summary>
/// <param name="Step">Steps done.</param>
/// <param name="Score">The validation figure there, in [0, 1].</param>
/// <param name="Losses">As <see cref="TrainingPoint.Losses"/>: the means since the point before.</param>
public sealed record CurvePoint(long Step, double Score, IReadOnlyDictionary<string, double> Losses);
