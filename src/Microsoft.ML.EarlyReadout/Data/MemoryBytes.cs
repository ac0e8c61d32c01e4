namespace Microsoft.ML.EarlyReadout;

/// <summary>Rows in managed memory, in chunks, so that neither growth copies what is there nor an array's largest length limits it.</summary>
internal sealed class MemoryRowStore(int rowBytes) : RowStore(rowBytes)
{
    private const int ChunkBytes = 1 << 20;

    private readonly int _rowsInChunk = Math.Max(1, ChunkBytes / rowBytes);
    private readonly List<byte[]> _chunks = [];

    /// <inheritdoc/>
    public override bool IsInMemory => true;

    /// <inheritdoc/>
    public override void Seal() { }

    /// <inheritdoc/>
    public override ReadOnlySpan<byte> Row(long index)
    {
        var (chunk, row) = Math.DivRem(index, _rowsInChunk);
        return _chunks[(int)chunk].AsSpan((int)row * RowBytes, RowBytes);
    }

    /// <inheritdoc/>
    public override void Dispose() => _chunks.Clear();

    /// <inheritdoc/>
    protected override void Write(ReadOnlySpan<byte> row)
    {
        int place = (int)(Count % _rowsInChunk);
        if (place == 0)
            _chunks.Add(GC.AllocateUninitializedArray<byte>(_rowsInChunk * RowBytes));
        row.CopyTo(_chunks[^1].AsSpan(place * RowBytes));
    }
}
