using System.Globalization;
using System.Text;
using static Microsoft.ML.EarlyReadout.TextTable;

namespace Microsoft.ML.EarlyReadout;

/// <summary>The text form of <see cref="ReadoutProfile"/>.</summary>
internal static class ReadoutProfileTable
{
    public static string Render(ReadoutProfile profile)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"Classifier: accuracy {Ratio(profile.Accuracy)} on {profile.RowCount:N0} rows");
        text.AppendLine(profile.WorstGroup is null ? "" : $"; worst group {profile.WorstGroup}");
        const string Area = "   AUC"; // as wide as a ratio, even where no readout has one
        List<string[]> rows = [["Readout", "Accuracy", "Margin right", "Margin wrong", "Recall", "Precision", Area]];
        foreach (ReadoutResult readout in profile.Readouts)
        {
            rows.Add([
                readout.Name, Ratio(readout.Accuracy), Ratio(readout.RightMargins.Mean), Ratio(readout.WrongMargins.Mean),
                Ratio(readout.WorstGroupRecall), Ratio(readout.WorstGroupPrecision), Ratio(readout.WorstGroupAreaUnderRocCurve)]);
        }

        TextTable.Append(text, rows, left: [0]);
        long without = profile.Readouts.Max(readout => profile.RowCount - readout.RightMargins.Count - readout.WrongMargins.Count);
        if (without > 0)
            text.AppendLine(CultureInfo.InvariantCulture, $"Rows without a margin, counted as wrong: {without:N0}");
        if (profile.WorstGroup is not null)
            text.AppendLine("Recall, precision, AUC: of wrong (and confidently wrong) readouts for the worst group.");
        return text.ToString();
    }
}
