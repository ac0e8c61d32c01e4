namespace Microsoft.ML.EarlyReadout.Search;

/// <summary>Where a search stands; reported at the end of each run and rung of this process.</summary>
/// <param name="Trials">Trials in all, plain training among them.</param>
/// <param name="Done">Trials that are trained in full.</param>
/// <param name="Stopped">Trials that were stopped at a comparison.</param>
/// <param name="Running">Runs that are being trained, by all processes.</param>
/// <param name="BestScore">The highest mean of a trial's scores so far; <see langword="null"/> before the first.</param>
/// <param name="BestTrial">The number of that trial.</param>
/// <param name="TimeLeft">Estimated time to the end; <see langword="null"/> before the first run's rung.</param>
public sealed record SearchProgress(
    int Trials, int Done, int Stopped, int Running, double? BestScore, int? BestTrial, TimeSpan? TimeLeft);
