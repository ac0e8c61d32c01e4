using System.Globalization;
using Quickstart;
using Spectre.Console;

namespace Studies;

/// <summary>Prints what a search tried and what the final runs came to.</summary>
internal static class StudyReport
{
    private static readonly string[] Shown = [Figures.Worst, Figures.Average, Figures.Unbiased, Figures.Agreeing, Figures.Conflicting];

    /// <summary>Everything that was tried, with its validation figures.</summary>
    public static void WriteTrials(IEnumerable<Trial> trials)
    {
        Table table = new Table().Title("Tried (validation rows)").AddColumns("Chosen by", "Setting", "Accuracy", "Mean of groups", "Conflicting", "Forgetting, last epoch");
        foreach (Trial trial in trials)
        {
            table.AddRow([
                trial.Criterion.Name,
                trial.Setting.ToString(),
                trial.Diverged ? "diverged" : Percent(trial.Mean(Figures.Average)),
                trial.Diverged ? "" : Percent(trial.Mean(Figures.Unbiased)),
                trial.Diverged ? "" : Percent(trial.Mean(Figures.Conflicting)),
                EpochLog.LastOf(trial.Results[0].Log),
            ]);
        }

        Write(table);
    }

    /// <summary>Mean ± standard deviation over the seeds of each method, and each method's difference from its plain one.</summary>
    public static void WriteFinal(IReadOnlyList<Record> records)
    {
        string[] figures = [.. Shown.Where(figure => records.Any(record => record.Metrics.ContainsKey(figure)))];
        Table table = new Table().Title($"{records[0].Study}: test rows, mean ± standard deviation over seeds").AddColumns("Method", "Seeds").AddColumns(figures);
        foreach (IGrouping<string, Record> method in records.GroupBy(record => record.Method))
        {
            Record[] finished = [.. method.Where(record => record.Diverged is null)];
            int diverged = method.Count() - finished.Length;
            table.AddRow([
                method.Key,
                finished.Length + (diverged > 0 ? $" ({diverged} diverged)" : ""),
                .. figures.Select(figure => finished.Length == 0 ? "–" : Cell([.. finished.Select(record => record.Metrics[figure])])),
            ]);
        }

        Write(table);
    }

    // One seed has no spread.
    private static string Cell(double[] values) => values.Length == 1
        ? Percent(values[0])
        : string.Create(CultureInfo.InvariantCulture, $"{100 * Statistics.Of(values).Mean:F1} ± {100 * Statistics.Of(values).Deviation:F1}");

    private static string Percent(double value) => double.IsNaN(value) ? "" : (100 * value).ToString("F1", CultureInfo.InvariantCulture);

    private static void Write(Table table)
    {
        if (Console.IsOutputRedirected) AnsiConsole.Profile.Width = 160; // a file has no width; 80 would break settings over lines
        AnsiConsole.Write(table);
    }
}
