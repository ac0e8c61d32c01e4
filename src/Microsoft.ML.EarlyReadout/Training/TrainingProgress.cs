namespace Microsoft.ML.EarlyReadout;

/// <summary>Where a training stands; reported a few times a second at most.</summary>
/// <param name="Epoch">The epoch under way, from 1.</param>
/// <param name="Epochs">Epochs in all.</param>
/// <param name="Step">Steps done in this epoch.</param>
/// <param name="StepsPerEpoch">Steps in an epoch.</param>
/// <param name="Losses">Mean of each loss since the epoch's start, by name (such as <c>main</c>, <c>readout</c>, <c>forget</c>); empty before the first.</param>
/// <param name="RowsPerSecond">Training rows a second since the epoch's start.</param>
/// <param name="TimeLeft">Estimated time to the end of the last epoch.</param>
public sealed record TrainingProgress(
    int Epoch,
    int Epochs,
    int Step,
    int StepsPerEpoch,
    IReadOnlyDictionary<string, double> Losses,
    double RowsPerSecond,
    TimeSpan TimeLeft);
