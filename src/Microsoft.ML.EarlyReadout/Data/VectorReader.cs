using Microsoft.ML.Data;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Packs the vectors, dense or sparse.</summary>
internal sealed class VectorReader(DataViewRowCursor cursor, DataViewSchema.Column column, int size) : FeatureReader
{
    private readonly ValueGetter<VBuffer<float>> _getter = cursor.GetGetter<VBuffer<float>>(column);
    private readonly float[] _dense = new float[size];
    private VBuffer<float> _vector;

    /// <summary>The numbers of the cursor's row, valid until the next call.</summary>
    /// <param name="row">The row's place in the view, for messages.</param>
    public ReadOnlySpan<float> Values(long row)
    {
        _getter(ref _vector);
        if (_vector.Length != size)
            throw Bad(column, row, FormattableString.Invariant($"has {_vector.Length} numbers; expected {size}, as the column's type says."));
        if (_vector.IsDense)
            return _vector.GetValues();
        _vector.CopyTo(_dense);
        return _dense;
    }

    /// <inheritdoc/>
    public override void Read(long row, RowPacker packer)
    {
        var values = Values(row);
        int slot = packer.Add(values);
        if (slot >= 0)
            throw NotFinite(column, row, slot, values[slot]);
    }

    /// <inheritdoc/>
    public override FeatureShape ShapeOf(long row) => FeatureShape.Vector(size);

    /// <summary>The fault of a number that is NaN or infinite.</summary>
    /// <param name="column">The column.</param>
    /// <param name="row">The row's place in the view.</param>
    /// <param name="slot">The number's slot.</param>
    /// <param name="value">The number.</param>
    public static InvalidDataException NotFinite(DataViewSchema.Column column, long row, int slot, float value) =>
        Bad(column, row, FormattableString.Invariant($"has the value {value} in slot {slot}; expected a finite number. Add ReplaceMissingValues, or drop such rows."));
}
