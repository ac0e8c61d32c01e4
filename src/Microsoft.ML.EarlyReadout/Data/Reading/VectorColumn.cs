using Microsoft.ML.Data;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Reads a column of vectors besides the features, such as a teacher's scores, and packs it alike: vectors of dimensions (C, H,
/// W), or (1, C, H, W), as images.</summary>
internal sealed class VectorColumn : IDisposable
{
    private readonly VectorReader _reader;
    private readonly RowPacker _packer;

    private VectorColumn(DataViewRowCursor cursor, DataViewSchema.Column column, MemoryBudget budget)
    {
        var type = (VectorDataViewType)column.Type;
        int[] dimensions = [.. type.Dimensions];
        if (dimensions is [1, _, _, _]) dimensions = dimensions[1..]; // ApplyOnnxModel keeps the batch's dimension
        FeatureShape shape = dimensions is [var channels, var height, var width]
            ? FeatureShape.Image(channels, height, width)
            : FeatureShape.Vector(type.Size);
        (_reader, _packer) = (new(cursor, column, type.Size), new(shape, budget));
    }

    /// <summary>Starts to read the column; <see langword="null"/> where there is none.</summary>
    /// <param name="cursor">A cursor in which the column is active.</param>
    /// <param name="column">The column.</param>
    /// <param name="budget">The memory for packed rows.</param>
    public static VectorColumn? Open(DataViewRowCursor cursor, DataViewSchema.Column? column, MemoryBudget budget) =>
        column is { } named ? new(cursor, named, budget) : null;

    /// <summary>Packs the vector of the cursor's row.</summary>
    /// <param name="row">The row's place in the view, for messages.</param>
    public void Read(long row) => _reader.Read(row, _packer);

    /// <summary>Ends packing and hands the rows over.</summary>
    public PackedRows Finish() => _packer.Finish();

    /// <inheritdoc/>
    public void Dispose() => _packer.Dispose();
}
