using Microsoft.ML.Data;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Finds the columns of an evaluation, with errors that name them.</summary>
internal static class EvaluationColumns
{
    public static DataViewSchema.Column Find(DataViewSchema schema, string name, string role)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        return schema.GetColumnOrNull(name) ?? throw new ArgumentException(
            $"The data have no {role} column '{name}'. Columns present: {string.Join(", ", schema.Where(column => !column.IsHidden).Select(column => $"'{column.Name}'"))}.");
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
            : throw new ArgumentException($"Score column '{name}' is {score.Type}; it must be a vector of two or more Single, one for each class.");
    }
}
