using System.Globalization;
using System.Text;

namespace Microsoft.ML.EarlyReadout;

/// <summary>A table of plain text: the first and the last column to the left, the others to the right.</summary>
internal static class TextTable
{
    public static void Append(StringBuilder text, IReadOnlyList<string[]> rows)
    {
        int[] widths = [.. rows[0].Select((_, column) => rows.Max(row => row[column].Length))];
        foreach (string[] row in rows) text.AppendLine(string.Join("  ", row.Select(Padded)).TrimEnd());

        string Padded(string cell, int column) =>
            column == 0 || column == widths.Length - 1 ? cell.PadRight(widths[column]) : cell.PadLeft(widths[column]);
    }

    public static string Whole(long value) => value.ToString("N0", CultureInfo.InvariantCulture);

    public static string Ratio(double? value) => value?.ToString("F4", CultureInfo.InvariantCulture) ?? "–";
}
