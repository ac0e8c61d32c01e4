namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// Bytes in managed memory, in chunks, so that neither growth copies what is there nor an array's largest length limits it.
/// </summary>
internal sealed class MemoryBytes : ByteStore
{
    private const int ChunkBytes = 1 << 20;

    private readonly List<byte[]> _chunks = [];
    private int _free; // of the last chunk

    /// <inheritdoc/>
    public override bool IsInMemory => true;

    /// <inheritdoc/>
    public override void Append(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0)
        {
            if (_free == 0)
            {
                _chunks.Add(GC.AllocateUninitializedArray<byte>(ChunkBytes));
                _free = ChunkBytes;
            }
            int part = Math.Min(_free, bytes.Length);
            bytes[..part].CopyTo(_chunks[^1].AsSpan(ChunkBytes - _free));
            bytes = bytes[part..];
            _free -= part;
        }
    }

    /// <inheritdoc/>
    public override void EndWriting() { }

    /// <inheritdoc/>
    public override void Read(long start, Span<byte> destination)
    {
        for (var (chunk, place) = Math.DivRem(start, ChunkBytes); destination.Length > 0; chunk++, place = 0)
        {
            int part = Math.Min(ChunkBytes - (int)place, destination.Length);
            _chunks[(int)chunk].AsSpan((int)place, part).CopyTo(destination);
            destination = destination[part..];
        }
    }

    /// <summary>Appends the bytes to another store and gives each chunk's memory back as soon as it is there.</summary>
    public void MoveTo(ByteStore target)
    {
        for (int chunk = 0; chunk < _chunks.Count; chunk++)
        {
            target.Append(chunk == _chunks.Count - 1 ? _chunks[chunk].AsSpan(0, ChunkBytes - _free) : _chunks[chunk]);
            _chunks[chunk] = [];
        }
    }

    /// <inheritdoc/>
    public override void Dispose() => _chunks.Clear();
}
