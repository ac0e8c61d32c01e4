using Microsoft.ML.Data;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Packs the vectors, dense or sparse, and counts those without a pixel.</summary>
internal sealed class VectorReader(DataViewRowCursor cursor, DataViewSchema.Column column, int size) : FeatureReader
{
    private readonly ValueGetter<VBuffer<float>> _getter = cursor.GetGetter<VBuffer<float>>(column);
    private readonly bool _arePixels = column.Type is VectorDataViewType { Dimensions.Length: 3 };
    private VBuffer<float> _vector;
    private long _rows, _blank, _firstBlank;

    /// <inheritdoc/>
    public override void Read(long row, RowPacker packer)
    {
        _getter(ref _vector);
        if (_vector.Length != size)
            throw Bad(
                column, row, FormattableString.Invariant($"has {_vector.Length} numbers; expected {size}, as the column's type says."));
        _rows++;
        // A black picture has its zeros. Only a row without an image has no number.
        if (_arePixels && _vector.GetValues().IsEmpty && _blank++ == 0) _firstBlank = row;
        int slot = _vector.IsDense ? packer.Add(_vector.GetValues()) : packer.Add(_vector.GetIndices(), _vector.GetValues());
        if (slot >= 0)
        {
            string name = ColumnAnnotation.Names(column, ColumnAnnotation.SlotNames)?.ElementAtOrDefault(slot) is { Length: > 0 } named
                ? $", '{named}'" : "";
            throw Bad(column, row, FormattableString.Invariant($"has the value {_vector.GetItemOrDefault(slot)} in slot {slot}{name}; ")
                + "expected a finite number. Add ReplaceMissingValues, or drop such rows.");
        }
    }

    /// <inheritdoc/>
    public override FeatureShape ShapeOf(long row) => FeatureShape.Vector(size);

    /// <inheritdoc/>
    public override void ReportFindings(Action<string> log, Action<string> warn)
    {
        if (_blank == 0) return;
        warn(FormattableString.Invariant($"Column '{column.Name}' has no pixel in {_blank} of {_rows} rows, the first of which is row ")
            + FormattableString.Invariant($"{_firstBlank} (counted from 0 in the data view). ExtractPixels writes that for a row without ")
            + "an image, and all its numbers count as 0. Drop such rows, or load an image for them.");
    }
}
