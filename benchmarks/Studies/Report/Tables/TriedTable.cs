namespace Studies;

/// <summary>What the search of a study tried, on validation rows, mean over its seeds.</summary>
internal static class TriedTable
{
    /// <summary>The table, or <see langword="null"/> where nothing was searched.</summary>
    /// <param name="conditions">The conditions of the study.</param>
    /// <param name="runs">All kept runs.</param>
    public static string? Of(string conditions, IEnumerable<RunResult> runs)
    {
        var tried = runs
            .Select(run => (Key: RunKey.Parse(run.Key), Run: run))
            .Where(run => run.Key.IsSearch && run.Key.Conditions == conditions)
            .GroupBy(run => run.Key.Setting, run => run.Run)
            .ToArray();
        if (tried.Length == 0) return null;
        var table = new MarkdownTable("setting", "seeds", "accuracy", "mean of groups", "conflicting", "forgetting loss, last epoch");
        foreach (IGrouping<string, RunResult> setting in tried)
        {
            bool diverged = setting.Any(run => run.Diverged is not null);
            table.Add([
                setting.Key,
                $"{setting.Count()}",
                .. new[] { StudyMetrics.Average, StudyMetrics.Unbiased, StudyMetrics.Conflicting }.Select(figure =>
                    diverged ? "diverged" : Percentage.Of(setting.Average(run => run.Validation.GetValueOrDefault(figure, double.NaN)))),
                EpochLog.LastOf(setting.First().Log),
            ]);
        }

        return table.ToString();
    }
}
