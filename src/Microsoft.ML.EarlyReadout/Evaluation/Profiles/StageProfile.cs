using System.Globalization;
using System.Text;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// How well columns of the rows, such as the label and a suspected attribute, can be decoded from each stage of a network. An attribute
/// that early stages tell better than the label is one that the network can lean on. Immutable.
/// </summary>
public sealed class StageProfile
{
    internal StageProfile(IReadOnlyList<StageResult> results) => Results = results;

    /// <summary>The results, column by column in the order in which they were named, stage by stage.</summary>
    public IReadOnlyList<StageResult> Results { get; }

    /// <summary>The columns.</summary>
    public IReadOnlyList<string> ColumnNames => [.. Results.Select(result => result.ColumnName).Distinct()];

    /// <summary>The results of one column, stage by stage.</summary>
    /// <param name="columnName">The column.</param>
    public IReadOnlyList<StageResult> ResultsOf(string columnName) => [.. Results.Where(result => result.ColumnName == columnName)];

    /// <summary>The profile as a table of plain text.</summary>
    public override string ToString()
    {
        int column = Math.Max("Column".Length, Results.Max(result => result.ColumnName.Length));
        int stage = Math.Max("Stage".Length, Results.Max(result => NameOf(result).Length));
        var text = new StringBuilder();
        text.AppendLine(
            CultureInfo.InvariantCulture,
            $"{"Column".PadRight(column)}  {"Stage".PadRight(stage)}  Rows  Accuracy  95 % interval     Most frequent");
        foreach (StageResult result in Results)
        {
            text.AppendLine(
                CultureInfo.InvariantCulture,
                $"{result.ColumnName.PadRight(column)}  {NameOf(result).PadRight(stage)}  {result.RowCount,4}  {result.Accuracy,8:F4}  "
                    + $"[{result.AccuracyInterval.Low:F4}, {result.AccuracyInterval.High:F4}]  {result.MostFrequentShare,13:F4}");
        }

        return text.ToString();
    }

    /// <summary>What a stage is called in tables and pictures.</summary>
    internal static string NameOf(StageResult result) => FormattableString.Invariant($"{result.Stage} {result.StageName}");
}
