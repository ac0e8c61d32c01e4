namespace Microsoft.ML.EarlyReadout;

/// <summary>What a validation found, for <see cref="TrainerOptions.OnValidation"/>.</summary>
/// <param name="Step">Steps done since the training's start, from 1.</param>
/// <param name="Steps">Steps in all, unless <see cref="TrainerOptions.Patience"/> ends the training before.</param>
/// <param name="Epoch">Passes over the training rows done: 2 at the end of the second epoch, 2.5 in the middle of the third.</param>
/// <param name="Losses">As <see cref="TrainingPoint.Losses"/>: the means since the validation before.</param>
/// <param name="Score">The figure that <see cref="TrainerOptions.Selection"/> names, in [0, 1].</param>
/// <param name="IsBest">Whether it is the highest so far, so that this network is kept for now; a tie is not.</param>
/// <param name="Groups">The validation rows by group, or by class where they have no <see cref="TrainerOptions.GroupColumnName"/>; those
/// that have rows, in the order of their labels, then of their attributes.</param>
public sealed record TrainingValidation(
    long Step, long Steps, double Epoch, IReadOnlyDictionary<string, double> Losses, double Score, bool IsBest,
    IReadOnlyList<ValidationGroup> Groups)
{
    /// <summary>What <see cref="Losses"/> are, as <see cref="TrainingHistory.Meters"/>.</summary>
    public IReadOnlyList<Meter> Meters { get; init; } = [];
}
