using Microsoft.ML.Data;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Reads a column that a method reads beside features, label and group, and packs it as features are: vectors of dimensions (C,
/// H, W), or (1, C, H, W), as images.</summary>
internal sealed class RowColumnReader : IDisposable
{
    private readonly FeatureReader _reader;
    private readonly RowPacker _packer;
    private readonly bool _areSingle;

    /// <param name="cursor">A cursor in which the column is active.</param>
    /// <param name="column">The column.</param>
    /// <param name="budget">The memory for packed rows.</param>
    public RowColumnReader(DataViewRowCursor cursor, DataViewSchema.Column column, MemoryBudget budget)
    {
        var vector = column.Type as VectorDataViewType;
        _areSingle = vector is null;
        _reader = vector is null ? new NumberReader(cursor, column) : new VectorReader(cursor, column, vector.Size);
        _packer = new RowPacker(ShapeOf(vector), budget);
    }

    /// <summary>Packs the numbers of the cursor's row.</summary>
    /// <param name="row">The row's place in the view, for messages.</param>
    public void Read(long row) => _reader.Read(row, _packer);

    /// <summary>Ends packing and hands the rows over.</summary>
    public PackedColumn Finish() => new(_packer.Finish(), _areSingle);

    /// <inheritdoc/>
    public void Dispose() => _packer.Dispose();

    private static FeatureShape ShapeOf(VectorDataViewType? type)
    {
        int[] dimensions = [.. type?.Dimensions ?? [1]];
        if (dimensions is [1, _, _, _]) dimensions = dimensions[1..]; // ApplyOnnxModel keeps the batch's dimension
        return dimensions is [var channels, var height, var width]
            ? FeatureShape.Image(channels, height, width)
            : FeatureShape.Vector(type?.Size ?? 1);
    }
}
