using Microsoft.ML.Data;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Reads a column of vectors besides the features, such as a teacher's scores, and packs it alike.</summary>
internal sealed class VectorColumn : IDisposable
{
    private readonly VectorReader _reader;
    private readonly RowPacker _packer;

    private VectorColumn(DataViewRowCursor cursor, DataViewSchema.Column column, MemoryBudget budget)
    {
        int size = ((VectorDataViewType)column.Type).Size;
        (_reader, _packer) = (new(cursor, column, size), new(FeatureShape.Vector(size), budget));
    }

    /// <summary>Starts to read the column; <see langword="null"/> where there is none.</summary>
    /// <param name="cursor">A cursor in which the column is active.</param>
    /// <param name="column">The column.</param>
    /// <param name="budget">The memory for packed rows.</param>
    public static VectorColumn? Open(DataViewRowCursor cursor, DataViewSchema.Column? column, MemoryBudget budget) => column is { } named ? new(cursor, named, budget) : null;

    /// <summary>Packs the vector of the cursor's row.</summary>
    /// <param name="row">The row's place in the view, for messages.</param>
    public void Read(long row) => _reader.Read(row, _packer);

    /// <summary>Ends packing and hands the rows over.</summary>
    public PackedRows Finish() => _packer.Finish();

    /// <inheritdoc/>
    public void Dispose() => _packer.Dispose();
}
