using Microsoft.ML.Data;

namespace Microsoft.ML.EarlyReadout;

/// <summary>The columns of a scored view from which shortcuts are found.</summary>
internal sealed record ShortcutColumns(
    DataViewSchema.Column Label, DataViewSchema.Column Score, DataViewSchema.Column Predicted,
    (DataViewSchema.Column Predicted, DataViewSchema.Column Margin) Readout, IReadOnlyList<DataViewSchema.Column> Described)
{
    /// <summary>Finds them.</summary>
    /// <param name="data">The schema of the rows as the user gives them.</param>
    /// <param name="scored">The schema of what the pipeline makes of them.</param>
    /// <param name="model">The model.</param>
    /// <param name="readout">The readout's columns.</param>
    /// <param name="options">The options.</param>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of another type.</exception>
    public static ShortcutColumns Find(
        DataViewSchema data, DataViewSchema scored, EarlyReadoutTransformer model, ReadoutColumns readout, ShortcutOptions options) => new(
            EvaluationColumns.Find(scored, options.LabelColumnName, "label"),
            EvaluationColumns.FindScore(scored, model.ScoreColumnName),
            EvaluationColumns.Find(scored, model.PredictedLabelColumnName, "predicted label"),
            EvaluationColumns.FindReadout(scored, readout.Name),
            options.ColumnNames is { } names ? [.. names.Select(name => Asked(scored, name))]
                :
                [
                    .. scored.Where(column => !column.IsHidden && column.Name != options.LabelColumnName
                        && data.GetColumnOrNull(column.Name) is not null && !model.Columns.Outputs.Contains(column.Name)
                        && ValueTally.Holds(column)),
                ]);

    private static DataViewSchema.Column Asked(DataViewSchema scored, string name)
    {
        DataViewSchema.Column column = EvaluationColumns.Find(scored, name, "described");
        return ValueTally.Holds(column) ? column : throw ColumnFinder.WrongType(
            column, "described", "a text, a key, a bool, a number, or a vector of Single with slot names", "Name a column of values.");
    }
}
