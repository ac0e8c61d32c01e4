using System.Globalization;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.EarlyReadout.Search;
using Spectre.Console;

namespace Quickstart;

/// <summary>Shows how a search goes: a live table on a terminal, a line for each run and rung where the output is redirected.</summary>
internal static class SearchDisplay
{
    /// <summary>Runs a search and shows its progress.</summary>
    public static T Show<T>(Func<IProgress<SearchProgress>, T> search) => Console.IsOutputRedirected
        ? search(new Lines())
        : AnsiConsole.Live(TableOf(null)).Start(context => search(new LiveTable(context)));

    /// <summary>The time left, in a few letters.</summary>
    public static string Left(TimeSpan? time) => time switch
    {
        null => "not known yet",
        { TotalHours: < 1 } left => left.ToString(@"mm\:ss", CultureInfo.InvariantCulture),
        { } left => FormattableString.Invariant($"{(int)left.TotalHours} h {left.Minutes:D2} min"),
    };

    private static Table TableOf(SearchProgress? progress)
    {
        Table table = new Table().Title("Searching").AddColumns("Trials", "In full", "Stopped", "Runs now", "Best so far", "Time left");
        return progress is null
            ? table.AddRow("…", "", "", "", "", "")
            : table.AddRow(
                Whole(progress.Trials), Whole(progress.Done), Whole(progress.Stopped), Whole(progress.Running), Best(progress),
                Left(progress.TimeLeft));
    }

    private static string Whole(int value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Best(SearchProgress progress) =>
        progress.BestScore is { } figure ? FormattableString.Invariant($"{figure:F4}, trial {progress.BestTrial}") : "none yet";

    // Both are called by the search's workers, one report at a time or several at once.
    private sealed class LiveTable(LiveDisplayContext context) : IProgress<SearchProgress>
    {
        public void Report(SearchProgress value)
        {
            lock (context) context.UpdateTarget(TableOf(value));
        }
    }

    private sealed class Lines : IProgress<SearchProgress>
    {
        public void Report(SearchProgress value) => Console.WriteLine(FormattableString.Invariant(
            $"Search: of {value.Trials} trials {value.Done} trained in full, {value.Stopped} stopped; best so far {Best(value)}; time ")
                + FormattableString.Invariant($"left {Left(value.TimeLeft)}"));
    }
}
