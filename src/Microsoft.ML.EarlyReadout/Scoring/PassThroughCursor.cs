namespace Microsoft.ML.EarlyReadout;

/// <summary>The input's own cursor under a schema that starts with the input's columns: for readers that want no scores.</summary>
internal sealed class PassThroughCursor(DataViewSchema schema, DataViewRowCursor input) : DelegatingCursor(input)
{
    public override DataViewSchema Schema => schema;

    public override bool IsColumnActive(DataViewSchema.Column column) =>
        column.Index < base.Schema.Count && base.IsColumnActive(base.Schema[column.Index]);

    public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) => column.Index < base.Schema.Count
        ? base.GetGetter<TValue>(base.Schema[column.Index])
        : throw new InvalidOperationException($"Column '{column.Name}' was not asked for when the cursor was made.");
}
