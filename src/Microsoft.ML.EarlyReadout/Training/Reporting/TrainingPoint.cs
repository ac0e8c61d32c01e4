namespace Microsoft.ML.EarlyReadout;

/// <summary>A point in a <see cref="TrainingHistory"/>: where the training told its losses and, with validation rows, validated.</summary>
/// <param name="Step">Steps done since the training's start, from 1.</param>
/// <param name="Epoch">Passes over the training rows done: 2 at the end of the second epoch, 2.5 in the middle of the third.</param>
/// <param name="Losses">The mean since the point before of each figure that the training step reports, by the names of its
/// <see cref="TrainingHistory.Meters"/>.</param>
/// <param name="ValidationScore">The validation figure in [0, 1]; <see langword="null"/> without validation rows.</param>
public sealed record TrainingPoint(long Step, double Epoch, IReadOnlyDictionary<string, double> Losses, double? ValidationScore)
{
    /// <summary>The validation rows by group, as <see cref="TrainingValidation.Groups"/>; empty where <see cref="ValidationScore"/> is
    /// <see langword="null"/>.</summary>
    public IReadOnlyList<ValidationGroup> Groups { get; init; } = [];
}
