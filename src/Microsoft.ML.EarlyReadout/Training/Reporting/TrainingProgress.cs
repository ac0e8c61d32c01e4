namespace Microsoft.ML.EarlyReadout;

/// <summary>Where a training stands; reported a few times a second at most.</summary>
/// <param name="Epoch">The epoch under way, from 1.</param>
/// <param name="Epochs">Epochs in all, one that ends in the middle included.</param>
/// <param name="Step">Steps done in this epoch.</param>
/// <param name="StepsPerEpoch">Steps in this epoch; where <see cref="TrainerOptions.Steps"/> ends the last one in the middle, those up to
/// there.</param>
/// <param name="Losses">Mean of each loss since the last validation, or the epoch's start where
/// <see cref="TrainerOptions.ValidateEverySteps"/> is not given, by name (such as <c>main</c>, <c>readout</c>); empty before the
/// first.</param>
/// <param name="RowsPerSecond">Training rows a second since then; 0 where a resumed training has made no step yet.</param>
/// <param name="TimeLeft">Estimated time to the last step; <see langword="null"/> where a resumed training has made no step yet.</param>
public sealed record TrainingProgress(
    int Epoch,
    int Epochs,
    int Step,
    int StepsPerEpoch,
    IReadOnlyDictionary<string, double> Losses,
    double RowsPerSecond,
    TimeSpan? TimeLeft);
