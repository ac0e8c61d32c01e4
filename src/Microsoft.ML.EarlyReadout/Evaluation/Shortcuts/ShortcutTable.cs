using System.Globalization;
using System.Text;
using static Microsoft.ML.EarlyReadout.TextTable;

namespace Microsoft.ML.EarlyReadout;

/// <summary>The text form of <see cref="ShortcutFindings"/>.</summary>
internal static class ShortcutTable
{
    public static string Render(ShortcutFindings findings)
    {
        var text = new StringBuilder();
        text.AppendLine(
            CultureInfo.InvariantCulture,
            $"{findings.ReadoutName} is wrong on {findings.SuspectCount:N0} of {findings.RowCount:N0} rows "
                + $"with a margin of at least {findings.MinMargin:0.##}; the network is wrong on {findings.ErrorCount:N0} rows.");
        if (findings.UnclusteredCount > 0)
            text.AppendLine(CultureInfo.InvariantCulture, $"In no cluster: {findings.UnclusteredCount:N0} of these rows.");
        if (findings.Clusters.Count == 0) return text.ToString();
        // The blanks keep room for two digits, and for five.
        List<string[]> rows = [[" #", "Rows of", " Rows", "Errors", "Of all errors", "Accuracy", "Elsewhere"]];
        foreach ((int i, ShortcutCluster cluster) in findings.Clusters.Index())
        {
            rows.Add([
                Plain(i + 1), $"{cluster.Label}, read as {cluster.ReadAs}", Plain(cluster.Rows.Count), Plain(cluster.ErrorCount),
                FormattableString.Invariant($"{100 * cluster.ErrorShare:F1} %"), Ratio(cluster.Accuracy),
                Ratio(cluster.AccuracyElsewhere)]);
        }

        string[] lines = TextTable.Lines(rows, left: [1]);
        text.AppendLine(lines[0]);
        foreach ((string line, ShortcutCluster cluster) in lines.Skip(1).Zip(findings.Clusters))
        {
            text.AppendLine(line);
            foreach (TellingValue value in cluster.TellingValues) text.AppendLine(CultureInfo.InvariantCulture, $"      {value}");
        }

        return text.ToString();
    }
}
