using System.Globalization;
using System.Text;

namespace Microsoft.ML.EarlyReadout;

/// <summary>The text form of <see cref="GroupMetrics"/>.</summary>
internal static class GroupMetricsTable
{
    private const int Width = 100;
    private const string Worst = "worst";

    public static string Render(GroupMetrics metrics)
    {
        bool training = metrics.AdjustedAccuracy is not null;
        string[] header =
        [
            "Group",
            "Rows",
            .. training ? ["Training"] : Array.Empty<string>(),
            "Accuracy",
            Percent(metrics.Confidence) + " interval",
            "",
        ];
        List<string[]> rows = [header];
        foreach (GroupResult group in metrics.Groups)
        {
            rows.Add([group.Name, Number(group.Count), .. training ? [Number(group.TrainingCount ?? 0)] : Array.Empty<string>(),
                Ratio(group.Accuracy), Interval(group.AccuracyInterval), group.Name == metrics.WorstGroup ? Worst : ""]);
        }

        StringBuilder text = new();
        AppendTable(text, rows);
        text.AppendLine();
        List<string[]> summary =
        [
            ["Worst group", Ratio(metrics.WorstGroupAccuracy), Interval(metrics.WorstGroupAccuracyInterval), metrics.WorstGroup],
            ["Average", Ratio(metrics.AverageAccuracy), Interval(metrics.AverageAccuracyInterval), Number(metrics.RowCount) + " rows"],
            ["Unbiased", Ratio(metrics.UnbiasedAccuracy), Interval(metrics.UnbiasedAccuracyInterval), "plain mean of the groups"],
        ];
        if (metrics.AdjustedAccuracy is double adjusted)
            summary.Add(["Adjusted", Ratio(adjusted), "", "groups weighted by training rows"]);
        summary.Add(["Class-balanced", Ratio(metrics.ClassBalancedAccuracy), "", "plain mean of the classes"]);
        if (metrics.ExpectedCalibrationError is double calibration)
            summary.Add(["Calibration error", Ratio(calibration), "", "expected, of the top score"]);
        if (metrics.LogLoss is double logLoss)
            summary.Add(["Log-loss", Ratio(logLoss), "", "nats a row"]);
        foreach (string[] row in summary)
            text.AppendLine(Clip($"{row[0],-17}  {row[1],7}  {row[2],-16}  {row[3]}".TrimEnd(), Width));
        AppendCount(text, metrics.RowsWithoutLabel, "Rows left out, without a label");
        AppendCount(text, metrics.RowsWithoutGroup, "Rows left out, without a group");
        AppendCount(text, metrics.MissingPredictions, "Rows counted as wrong, without a predicted label");
        AppendCount(text, metrics.InvalidScores, "Rows with a NaN or infinite score");
        return text.ToString();
    }

    private static void AppendTable(StringBuilder text, List<string[]> rows)
    {
        int columns = rows[0].Length;
        int[] widths = [.. Enumerable.Range(0, columns).Select(column => rows.Max(row => row[column].Length))];
        int rest = widths[1..].Sum() + (2 * (columns - 1));
        widths[0] = Math.Min(widths[0], Width - rest);
        foreach (string[] row in rows)
        {
            string line = Clip(row[0], widths[0]).PadRight(widths[0]);
            for (int column = 1; column < columns; column++)
                line += "  " + (column < columns - 2 ? row[column].PadLeft(widths[column]) : row[column].PadRight(widths[column]));
            text.AppendLine(line.TrimEnd());
        }
    }

    private static void AppendCount(StringBuilder text, long rows, string what)
    {
        if (rows > 0)
            text.AppendLine(CultureInfo.InvariantCulture, $"{what}: {Number(rows)}");
    }

    private static string Clip(string value, int width) => value.Length <= width ? value : value[..(width - 1)] + "…";

    private static string Number(long value) => value.ToString("N0", CultureInfo.InvariantCulture);

    private static string Ratio(double value) => value.ToString("F4", CultureInfo.InvariantCulture);

    private static string Percent(double value) => (value * 100).ToString("0.##", CultureInfo.InvariantCulture) + " %";

    private static string Interval(ConfidenceInterval interval) => $"[{Ratio(interval.Low)}, {Ratio(interval.High)}]";
}
