namespace Studies;

/// <summary>Which trial of the library's search a run belongs to.</summary>
/// <param name="Search">The search: what was asked for.</param>
/// <param name="Number">The trial's number; 0 is plain training.</param>
/// <param name="Runs">The runs of the whole search: it is over where all are there.</param>
internal sealed record SearchedTrial(string Search, int Number, int Runs)
{
    /// <summary>Whether the runs are all of their search.</summary>
    public static bool IsWhole(IReadOnlyList<FinishedRun> runs) => runs.Count > 0 && runs.Count >= runs[0].Trial!.Runs;

    /// <summary>The setting that a search has chosen: of those that forget the first with the best mean over its seeds.</summary>
    /// <param name="runs">Runs of the search.</param>
    /// <returns><see langword="null"/> where runs are missing, or all settings that forget diverged.</returns>
    /// <remarks>
    /// The figure of a run never falls, so a trial that was stopped early cannot be above one that it was behind when it was stopped.
    /// </remarks>
    public static string? Choose(IReadOnlyList<FinishedRun> runs)
    {
        return !IsWhole(runs) ? null : runs
            .Where(run => run.Trial!.Number > 0)
            .GroupBy(run => (run.Trial!.Number, run.Settings))
            .Where(trial => trial.All(run => run.Primary is not null))
            .OrderBy(trial => trial.Key.Number)
            .MaxBy(trial => trial.Average(run => run.Primary))?.Key.Settings;
    }
}
