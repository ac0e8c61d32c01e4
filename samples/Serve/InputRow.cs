using Microsoft.ML;
using Microsoft.ML.Data;

namespace Serve;

/// <summary>A row that is filled by hand, for a pipeline whose columns are known only when it is loaded. (A
/// <see cref="PredictionEngine{TSrc, TDst}"/> needs a class for them.)</summary>
/// <param name="schema">Its columns.</param>
internal sealed class InputRow(DataViewSchema schema) : DataViewRow
{
    private readonly object?[] _values = new object?[schema.Count];
    private long _position = -1;

    public override DataViewSchema Schema => schema;

    public override long Position => _position;

    public override long Batch => 0;

    /// <summary>Makes it the next row. Transforms keep what they have computed for as long as the position is the same.</summary>
    /// <param name="cells">The values by column.</param>
    public void MoveNext(IReadOnlyDictionary<int, object> cells)
    {
        Clear();
        foreach ((int column, object value) in cells) _values[column] = value;
        _position++;
    }

    /// <summary>Lets go of the values.</summary>
    public void Clear() => Array.Clear(_values);

    public override bool IsColumnActive(DataViewSchema.Column column) => true;

    public override ValueGetter<DataViewRowId> GetIdGetter() => (ref DataViewRowId id) => id = new((ulong)_position, 0);

    public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) =>
        (ref TValue value) => value = (TValue)_values[column.Index]!;
}
