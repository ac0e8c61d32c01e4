using Microsoft.ML.Data;

namespace Microsoft.ML.EarlyReadout;

/// <summary>A row of a <see cref="RowBuffer"/>, as a row to read from.</summary>
/// <param name="schema">The schema of the rows.</param>
/// <param name="place">Gives where the row is.</param>
internal sealed class KeptRow(DataViewSchema schema, Func<(RowBuffer Rows, int Slot)> place) : DataViewRow
{
    public override DataViewSchema Schema => schema;

    public override long Position => place().Slot;

    public override long Batch => 0;

    public override bool IsColumnActive(DataViewSchema.Column column) => place().Rows.IsActive(column);

    public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) => place().Rows.Getter<TValue>(column, place);

    public override ValueGetter<DataViewRowId> GetIdGetter() => (ref DataViewRowId id) =>
    {
        (RowBuffer rows, int slot) = place();
        id = rows.Id(slot);
    };
}
