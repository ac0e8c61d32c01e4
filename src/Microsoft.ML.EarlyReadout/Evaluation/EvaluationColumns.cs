using Microsoft.ML.Data;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Finds the columns of an evaluation, with errors that name them.</summary>
internal static class EvaluationColumns
{
    public static DataViewSchema.Column Find(DataViewSchema schema, string name, string role)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return ColumnFinder.Find(schema, name, role);
    }

    public static DataViewSchema.Column[] FindGroups(DataViewSchema schema, string[] names)
    {
        ArgumentNullException.ThrowIfNull(names);
        if (names.Length == 0)
            throw new ArgumentException("Name at least one group column.");
        if (names.Distinct().Count() < names.Length)
            throw new ArgumentException($"A group column is named twice: {string.Join(", ", names)}.");
        return [.. names.Select(name => Find(schema, name, "group"))];
    }

    public static DataViewSchema.Column FindScore(DataViewSchema schema, string name)
    {
        DataViewSchema.Column score = Find(schema, name, "score");
        return score.Type is VectorDataViewType { IsKnownSize: true, Size: >= 2 } type && type.ItemType == NumberDataViewType.Single
            ? score
            : throw ColumnFinder.WrongType(score, "score", "Vector<Single> of two or more", "It must have one number for each class.");
    }

    public static (DataViewSchema.Column Predicted, DataViewSchema.Column Margin) FindReadout(DataViewSchema schema, string name)
    {
        var names = new ReadoutColumns(name);
        DataViewSchema.Column predicted = Find(schema, names.PredictedLabel, "readout's predicted label");
        DataViewSchema.Column margin = Find(schema, names.Margin, "readout's margin");
        return margin.Type == NumberDataViewType.Single
            ? (predicted, margin)
            : throw ColumnFinder.WrongType(margin, "readout's margin", "Single", "Name a readout of an EarlyReadoutTransformer.");
    }
}
