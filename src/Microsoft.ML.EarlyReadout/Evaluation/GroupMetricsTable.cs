using System.Globalization;
using System.Text;
using static Microsoft.ML.EarlyReadout.TextTable;

namespace Microsoft.ML.EarlyReadout;

/// <summary>The text form of <see cref="GroupMetrics"/>.</summary>
internal static class GroupMetricsTable
{
    private const int Width = 100;
    private const string Worst = "worst";

    public static string Render(GroupMetrics metrics)
    {
        bool training = metrics.AdjustedAccuracy is not null;
        GroupResult? worst = metrics.Groups.MinBy(group => group.Accuracy); // two groups may have its name
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
            rows.Add([group.Name, Whole(group.Count), .. training ? [Whole(group.TrainingCount ?? 0)] : Array.Empty<string>(),
                Ratio(group.Accuracy), Interval(group.AccuracyInterval), group == worst ? Worst : ""]);
        }

        StringBuilder text = new();
        TextTable.Append(text, rows, left: [0, ^2, ^1], widest: Width);
        text.AppendLine();
        List<string[]> summary =
        [
            ["Worst group", Ratio(metrics.WorstGroupAccuracy), Interval(metrics.WorstGroupAccuracyInterval), metrics.WorstGroup],
            ["Average", Ratio(metrics.AverageAccuracy), Interval(metrics.AverageAccuracyInterval), Whole(metrics.RowCount) + " rows"],
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

    private static void AppendCount(StringBuilder text, long rows, string what)
    {
        if (rows > 0)
            text.AppendLine(CultureInfo.InvariantCulture, $"{what}: {Whole(rows)}");
    }

    private static string Percent(double value) => (value * 100).ToString("0.##", CultureInfo.InvariantCulture) + " %";
}
