using Microsoft.ML.Data;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Packs single numbers.</summary>
internal sealed class NumberReader(DataViewRowCursor cursor, DataViewSchema.Column column) : FeatureReader
{
    private readonly ValueGetter<float> _getter = cursor.GetGetter<float>(column);

    /// <inheritdoc/>
    public override void Read(long row, RowPacker packer)
    {
        float number = 0;
        _getter(ref number);
        if (packer.Add([number]) < 0) return;
        throw Bad(column, row, FormattableString.Invariant($"has the value {number}; ")
            + "expected a finite number. Add ReplaceMissingValues, or drop such rows.");
    }

    /// <inheritdoc/>
    public override FeatureShape ShapeOf(long row) => FeatureShape.Vector(1);
}
