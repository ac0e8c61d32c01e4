using System.Text;

namespace Studies;

/// <summary>The figures of <c>find</c> as Markdown, means over the seeds.</summary>
internal static class ShortcutTables
{
    /// <summary>Which rows are of the worst group: a table of precision and recall, and one of what the number of clusters does.</summary>
    public static string Of(IReadOnlyList<ShortcutFigures> lines)
    {
        var text = new StringBuilder();
        text.AppendLine("| rows | readout, least margin | worst group, % of all rows | % of the readout's errors | % of all errors | "
            + "% of confident errors | of its rows found, % |");
        text.AppendLine("|---|---|---|---|---|---|---|");
        foreach (var same in lines.Where(line => line.ClustersEach == ShortcutSearch.OwnClusters && (IsFirst(line) || HasOwnMargin(line)))
            .GroupBy(line => (line.Split, line.Readout, line.MinMargin))
            .OrderByDescending(same => same.Key.Split).ThenBy(same => same.Key.Readout).ThenBy(same => same.Key.MinMargin))
        {
            text.AppendLine(
                FormattableString.Invariant($"| {same.Key.Split} | {same.Key.Readout}, {same.Key.MinMargin} | ")
                + $"{Percent(same, line => line.WorstShare)} | {Range(same, line => line.Found)} | {Range(same, line => line.Errors)} | "
                + $"{Range(same, line => line.ConfidentErrors)} | {Percent(same, line => line.Found.WorstRecall)} |");
        }

        text.AppendLine();
        text.AppendLine("| rows | readout | clusters of a pair | purity, % | of random rows, % | worst group, % of the first cluster |");
        text.AppendLine("|---|---|---|---|---|---|");
        foreach (var same in lines.Where(line => IsFirst(line) && HasOwnMargin(line))
            .GroupBy(line => (line.Split, line.Readout, line.ClustersEach))
            .OrderByDescending(same => same.Key.Split).ThenBy(same => same.Key.Readout).ThenBy(same => same.Key.ClustersEach))
        {
            text.AppendLine(
                FormattableString.Invariant($"| {same.Key.Split} | {same.Key.Readout} | {same.Key.ClustersEach} | ")
                + $"{Purity(same, line => line.Found)} | {Purity(same, line => line.Random)} | "
                + $"{Percent(same, line => line.Found.FirstPrecision)} |");
        }

        return text.ToString();

        // Other margins and numbers of clusters are told of the first readout alone: the tables stay readable, the file has all.
        bool IsFirst(ShortcutFigures line) => line.Readout == lines[0].Readout;
        bool HasOwnMargin(ShortcutFigures line) => line.MinMargin == ShortcutSearch.OwnMargin;
    }

    private static string Percent(IEnumerable<ShortcutFigures> lines, Func<ShortcutFigures, double> figure) =>
        FormattableString.Invariant($"{100 * lines.Average(figure):F1}");

    private static string Purity(IEnumerable<ShortcutFigures> lines, Func<ShortcutFigures, ClusterFigures> rows)
    {
        double[] purities = [.. lines.Select(rows).Where(figures => figures.Rows > 0).Select(figures => 100 * figures.Purity)];
        return purities.Length == 0 ? "–" : FormattableString.Invariant($"{purities.Average():F1}");
    }

    // Of those seeds that have rows in clusters.
    private static string Range(IEnumerable<ShortcutFigures> lines, Func<ShortcutFigures, ClusterFigures> rows)
    {
        double[] precisions = [.. lines.Select(rows).Where(figures => figures.Rows > 0).Select(figures => 100 * figures.WorstPrecision)];
        return precisions.Length == 0
            ? "–"
            : FormattableString.Invariant($"{precisions.Average():F1} ({precisions.Min():F1} to {precisions.Max():F1})");
    }
}
