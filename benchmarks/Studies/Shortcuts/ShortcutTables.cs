namespace Studies;

/// <summary>The figures of <c>find</c> as Markdown, means over the seeds.</summary>
internal static class ShortcutTables
{
    /// <summary>Which rows are of the worst group: a table of precision and recall, and one of what the number of clusters does.</summary>
    public static string Of(IReadOnlyList<ShortcutFigures> lines)
    {
        var found = new MarkdownTable(
            "rows", "readout, least margin", "worst group, % of all rows", "% of the readout's errors", "% of all errors",
            "% of confident errors", "of its rows found, %");
        foreach (var same in lines.Where(line => line.ClustersEach == ShortcutSearch.OwnClusters && (IsFirst(line) || HasOwnMargin(line)))
            .GroupBy(line => (line.Split, line.Readout, line.MinMargin))
            .OrderByDescending(same => same.Key.Split).ThenBy(same => same.Key.Readout).ThenBy(same => same.Key.MinMargin))
        {
            found.Add(
                same.Key.Split, FormattableString.Invariant($"{same.Key.Readout}, {same.Key.MinMargin}"),
                Percentage.Of(same.Average(line => line.WorstShare)), Range(same, line => line.Found), Range(same, line => line.Errors),
                Range(same, line => line.ConfidentErrors), Percentage.Of(same.Average(line => line.Found.WorstRecall)));
        }

        var clusters = new MarkdownTable(
            "rows", "readout", "clusters of a pair", "purity, %", "of random rows, %", "worst group, % of the first cluster");
        foreach (var same in lines.Where(line => IsFirst(line) && HasOwnMargin(line))
            .GroupBy(line => (line.Split, line.Readout, line.ClustersEach))
            .OrderByDescending(same => same.Key.Split).ThenBy(same => same.Key.Readout).ThenBy(same => same.Key.ClustersEach))
        {
            clusters.Add(
                same.Key.Split, same.Key.Readout, FormattableString.Invariant($"{same.Key.ClustersEach}"),
                Purity(same, line => line.Found), Purity(same, line => line.Random),
                Percentage.Of(same.Average(line => line.Found.FirstPrecision)));
        }

        return $"{found}\n{clusters}";

        // Other margins and numbers of clusters are told of the first readout alone: the tables stay readable, the file has all.
        bool IsFirst(ShortcutFigures line) => line.Readout == lines[0].Readout;
        bool HasOwnMargin(ShortcutFigures line) => line.MinMargin == ShortcutSearch.OwnMargin;
    }

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
