using System.Globalization;
using System.Text;

namespace Microsoft.ML.EarlyReadout;

/// <summary>A table of plain text, each column as wide as its widest cell.</summary>
internal static class TextTable
{
    private const string Gap = "  ";

    /// <summary>Appends a table.</summary>
    /// <param name="text">Receives it.</param>
    /// <param name="rows">Its cells by row, the heading first.</param>
    /// <param name="left">The columns that are aligned to the left; the others are to the right.</param>
    /// <param name="widest">The greatest length of a line; the first column is cut for it.</param>
    public static void Append(
        StringBuilder text, IReadOnlyList<string[]> rows, IReadOnlyList<Index> left, int widest = int.MaxValue)
    {
        foreach (string line in Lines(rows, left, widest)) text.AppendLine(line);
    }

    /// <summary>The lines of a table, for one that has other text between them.</summary>
    /// <param name="rows">Its cells by row, the heading first.</param>
    /// <param name="left">The columns that are aligned to the left; the others are to the right.</param>
    /// <param name="widest">The greatest length of a line; the first column is cut for it.</param>
    public static string[] Lines(IReadOnlyList<string[]> rows, IReadOnlyList<Index> left, int widest = int.MaxValue)
    {
        int[] widths = [.. rows[0].Select((_, column) => rows.Max(row => row[column].Length))];
        widths[0] = Math.Min(widths[0], widest - widths[1..].Sum(width => Gap.Length + width));
        int[] toTheLeft = [.. left.Select(column => column.GetOffset(widths.Length))];
        return [.. rows.Select(row => string.Join(Gap, row.Select(Padded)).TrimEnd())];

        string Padded(string cell, int column)
        {
            string shown = Clip(cell, widths[column]);
            return toTheLeft.Contains(column) ? shown.PadRight(widths[column]) : shown.PadLeft(widths[column]);
        }
    }

    /// <summary>A text of at most so many letters, the last of them … where it is cut.</summary>
    public static string Clip(string text, int width) => text.Length <= width ? text : text[..(width - 1)] + "…";

    /// <summary>A number with commas between the thousands.</summary>
    public static string Whole(long value) => value.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>A number in digits alone.</summary>
    public static string Plain(long value) => value.ToString(CultureInfo.InvariantCulture);

    public static string Ratio(double? value) => value?.ToString("F4", CultureInfo.InvariantCulture) ?? "–";

    /// <summary>A difference with its sign, to a tenth.</summary>
    public static string Signed(double value) => value.ToString("+0.0;−0.0;0.0", CultureInfo.InvariantCulture);

    public static string Interval(ConfidenceInterval interval) => $"[{Ratio(interval.Low)}, {Ratio(interval.High)}]";
}
