using Spectre.Console;

namespace Studies;

/// <summary>Prints what the final runs came to.</summary>
internal static class StudyReport
{
    private static readonly string[] Shown =
        [StudyMetrics.Worst, StudyMetrics.Average, StudyMetrics.Unbiased, StudyMetrics.Agreeing, StudyMetrics.Conflicting];

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

        if (Console.IsOutputRedirected) AnsiConsole.Profile.Width = 160; // a file has no width; 80 would break settings over lines
        AnsiConsole.Write(table);
    }
}
