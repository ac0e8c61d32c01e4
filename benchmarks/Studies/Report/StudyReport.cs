using Spectre.Console;

namespace Studies;

/// <summary>Prints what a search tried and what the final runs came to.</summary>
internal static class StudyReport
{
    private static readonly string[] Shown =
        [StudyMetrics.Worst, StudyMetrics.Average, StudyMetrics.Unbiased, StudyMetrics.Agreeing, StudyMetrics.Conflicting];

    /// <summary>Everything that was tried, with its validation figures.</summary>
    public static void WriteTrials(IEnumerable<Trial> trials)
    {
        Table table = new Table()
            .Title("Tried (validation rows)")
            .AddColumns("Chosen by", "Setting", "Accuracy", "Mean of groups", "Conflicting", "Forgetting, last epoch");
        foreach (Trial trial in trials)
        {
            table.AddRow([
                trial.Criterion.Name,
                trial.Setting.ToString(),
                trial.Diverged ? "diverged" : Percentage.Of(trial.Mean(StudyMetrics.Average)),
                trial.Diverged ? "" : Percentage.Of(trial.Mean(StudyMetrics.Unbiased)),
                trial.Diverged ? "" : Percentage.Of(trial.Mean(StudyMetrics.Conflicting)),
                EpochLog.LastOf(trial.Results[0].Log),
            ]);
        }

        Write(table);
    }

    /// <summary>Mean ± standard deviation over the seeds of each method, without those that diverged.</summary>
    public static void WriteFinal(IReadOnlyList<Record> records)
    {
        string[] figures = [.. Shown.Where(figure => records.Any(record => record.Metrics.ContainsKey(figure)))];
        Table table = new Table()
            .Title($"{records[0].Study}: test rows, mean ± standard deviation over seeds")
            .AddColumns("Method", "Seeds")
            .AddColumns(figures);
        foreach (IGrouping<string, Record> method in records.GroupBy(record => record.Method))
        {
            Record[] finished = [.. method.Where(record => record.Diverged is null)];
            int diverged = method.Count() - finished.Length;
            table.AddRow([
                method.Key,
                finished.Length + (diverged > 0 ? $" ({diverged} diverged)" : ""),
                .. figures.Select(
                    figure => finished.Length == 0 ? "–" : Percentage.Spread([.. finished.Select(record => record.Metrics[figure])])),
            ]);
        }

        Write(table);
    }

    private static void Write(Table table)
    {
        if (Console.IsOutputRedirected) AnsiConsole.Profile.Width = 160; // a file has no width; 80 would break settings over lines
        AnsiConsole.Write(table);
    }
}
