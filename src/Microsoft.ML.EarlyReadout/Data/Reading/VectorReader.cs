using Microsoft.ML.Data;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Packs the vectors, dense or sparse.</summary>
internal sealed class VectorReader(DataViewRowCursor cursor, DataViewSchema.Column column, int size) : FeatureReader
{
    private readonly ValueGetter<VBuffer<float>> _getter = cursor.GetGetter<VBuffer<float>>(column);
    private VBuffer<float> _vector;

    /// <inheritdoc/>
    public override void Read(long row, RowPacker packer)
    {
        _getter(ref _vector);
        if (_vector.Length != size)
            throw Bad(
                column, row, FormattableString.Invariant($"has {_vector.Length} numbers; expected {size}, as the column's type says."));
        int slot = _vector.IsDense ? packer.Add(_vector.GetValues()) : packer.Add(_vector.GetIndices(), _vector.GetValues());
        if (slot >= 0)
        {
            throw Bad(column, row, FormattableString.Invariant($"has the value {_vector.GetItemOrDefault(slot)} in slot {slot}; ")
                + "expected a finite number. Add ReplaceMissingValues, or drop such rows.");
        }
    }

    /// <inheritdoc/>
    public override FeatureShape ShapeOf(long row) => FeatureShape.Vector(size);
}
