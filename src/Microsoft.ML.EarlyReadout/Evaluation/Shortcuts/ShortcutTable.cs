using System.Globalization;
using System.Text;

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
        string[] pairs = [.. findings.Clusters.Select(cluster => $"{cluster.Label}, read as {cluster.ReadAs}")];
        int width = Math.Max("Rows of".Length, pairs.Max(pair => pair.Length));
        text.AppendLine(
            CultureInfo.InvariantCulture, $" #  {"Rows of".PadRight(width)}   Rows  Errors  Of all errors  Accuracy  Elsewhere");
        foreach ((int i, ShortcutCluster cluster) in findings.Clusters.Index())
        {
            text.AppendLine(
                CultureInfo.InvariantCulture,
                $"{i + 1,2}  {pairs[i].PadRight(width)}  {cluster.Rows.Count,5}  {cluster.ErrorCount,6}  "
                    + $"{100 * cluster.ErrorShare,11:F1} %  "
                    + $"{cluster.Accuracy,8:F4}  {cluster.AccuracyElsewhere?.ToString("F4", CultureInfo.InvariantCulture) ?? "–",9}");
            foreach (TellingValue value in cluster.TellingValues) text.AppendLine(CultureInfo.InvariantCulture, $"      {value}");
        }

        return text.ToString();
    }
}
