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
        List<string[]> rows = [["Column", "Stage", "Rows", "Accuracy", "95 % interval", "Most frequent"]];
        foreach (StageResult result in Results)
        {
            rows.Add([
                result.ColumnName, NameOf(result), TextTable.Plain(result.RowCount), TextTable.Ratio(result.Accuracy),
                TextTable.Interval(result.AccuracyInterval), TextTable.Ratio(result.MostFrequentShare)]);
        }

        var text = new StringBuilder();
        TextTable.Append(text, rows, left: [0, 1, 4]);
        return text.ToString();
    }

    /// <summary>What a stage is called in tables and pictures.</summary>
    internal static string NameOf(StageResult result) => FormattableString.Invariant($"{result.Stage} {result.StageName}");
}
