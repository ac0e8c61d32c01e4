namespace Microsoft.ML.EarlyReadout;

/// <summary>Bytes that are appended first and then read anywhere.</summary>
/// <threadsafety>Writing: one thread. Reading, once writing has ended: any number of threads.</threadsafety>
internal abstract class ByteStore : IDisposable
{
    /// <summary>Whether the bytes are in memory rather than in a file.</summary>
    public abstract bool IsInMemory { get; }

    /// <summary>Appends bytes.</summary>
    public abstract void Append(ReadOnlySpan<byte> bytes);

    /// <summary>Ends writing; must be called once before the first byte is read.</summary>
    public abstract void EndWriting();

    /// <summary>Copies bytes out.</summary>
    /// <param name="start">The place of the first one.</param>
    /// <param name="destination">Receives as many as it has room for.</param>
    public abstract void Read(long start, Span<byte> destination);

    /// <summary>Says which bytes are read next, so that they can be brought near meanwhile.</summary>
    /// <param name="start">The place of the first one.</param>
    /// <param name="length">How many; there may be fewer.</param>
    public virtual void Expect(long start, long length) { }

    /// <inheritdoc/>
    public abstract void Dispose();
}
