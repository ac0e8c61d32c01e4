using System.Globalization;
using Microsoft.ML.EarlyReadout;
using Spectre.Console;

namespace Quickstart;

/// <summary>Prints what came out.</summary>
internal static class Report
{
    /// <summary>The groups of one seed, plain beside sieve.</summary>
    public static void WriteSideBySide(IReadOnlyList<Run> runs)
    {
        Table table = new Table().Title($"Accuracy on the test images, seed {runs[0].Seed} (95 % interval)").AddColumns("Group", "Rows");
        foreach (Run run in runs) table.AddColumn(new TableColumn(run.Method.Name).RightAligned());
        foreach (GroupResult group in runs[0].Groups.Groups)
        {
            IEnumerable<string> cells = runs.Select(run => run.Groups.Groups.Single(other => other.Name == group.Name))
                .Select(result => Cell(result.Accuracy, result.AccuracyInterval));
            table.AddRow([Markup.Escape(group.Name), group.Count.ToString(CultureInfo.InvariantCulture), .. cells]);
        }

        table.AddEmptyRow();
        foreach (Figure figure in Figure.All) table.AddRow([figure.Title, "", .. runs.Select(run => Percent(figure.Value(run)))]);
        AnsiConsole.Write(table);
        foreach (Run run in runs) Console.WriteLine($"{run.Method.Name} saved as {run.ModelPath}");
        AnsiConsole.WriteLine();
    }

    /// <summary>All seeds together, and what the figures say.</summary>
    public static void WriteSummary(IReadOnlyList<Run> runs)
    {
        if (runs.Select(run => run.Seed).Distinct().Count() > 1) WriteMeans(runs);
        Console.WriteLine(Verdict.Of(runs));
    }

    /// <summary>The figures of each method over the seeds.</summary>
    public static void WriteMeans(IReadOnlyList<Run> runs)
    {
        Table table = new Table().Title("Test images: mean ± standard deviation over the seeds").AddColumn("");
        foreach (Method method in Method.All) table.AddColumn(new TableColumn(method.Name).RightAligned());
        foreach (Figure figure in Figure.All)
            table.AddRow(
                [
                    figure.Title,
                    .. Method.All.Select(method => Cell(Statistics.Of(runs.Where(run => run.Method == method).Select(figure.Value)))),
                ]);
        AnsiConsole.Write(table);
    }

    private static string Cell(double value, ConfidenceInterval interval) =>
        string.Create(CultureInfo.InvariantCulture, $"{100 * value:F1} ({100 * interval.Low:F0}–{100 * interval.High:F0})");

    private static string Cell(Statistics figures) =>
        string.Create(CultureInfo.InvariantCulture, $"{100 * figures.Mean:F1} ± {100 * figures.Deviation:F1}");

    private static string Percent(double value) => (100 * value).ToString("F1", CultureInfo.InvariantCulture);
}
