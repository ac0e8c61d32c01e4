using System.Globalization;
using System.Text;

namespace Microsoft.ML.EarlyReadout;

/// <summary>The text form of <see cref="ReadoutProfile"/>.</summary>
internal static class ReadoutProfileTable
{
    public static string Render(ReadoutProfile profile)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"Classifier: accuracy {Ratio(profile.Accuracy)} on {profile.RowCount:N0} rows");
        text.AppendLine(profile.WorstGroup is null ? "" : $"; worst group {profile.WorstGroup}");
        int width = Math.Max(7, profile.Readouts.Max(readout => readout.Name.Length));
        text.AppendLine(
            CultureInfo.InvariantCulture, $"{"Readout".PadRight(width)}  Accuracy  Margin right  Margin wrong  Recall  Precision     AUC");
        foreach (ReadoutResult readout in profile.Readouts)
        {
            text.AppendLine(
                CultureInfo.InvariantCulture,
                $"{readout.Name.PadRight(width)}  {Ratio(readout.Accuracy),8}  {Ratio(readout.RightMargins.Mean),12}  "
                    + $"{Ratio(readout.WrongMargins.Mean),12}  "
                    + $"{Ratio(readout.WorstGroupRecall),6}  {Ratio(readout.WorstGroupPrecision),9}  "
                    + $"{Ratio(readout.WorstGroupAreaUnderRocCurve),6}");
        }
        long without = profile.Readouts.Max(readout => profile.RowCount - readout.RightMargins.Count - readout.WrongMargins.Count);
        if (without > 0)
            text.AppendLine(CultureInfo.InvariantCulture, $"Rows without a margin, counted as wrong: {without:N0}");
        if (profile.WorstGroup is not null)
            text.AppendLine("Recall, precision, AUC: of wrong (and confidently wrong) readouts for the worst group.");
        return text.ToString();
    }

    private static string Ratio(double? value) => value?.ToString("F4", CultureInfo.InvariantCulture) ?? "–";
}
