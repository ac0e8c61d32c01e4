namespace Microsoft.ML.EarlyReadout;

/// <summary>Rows of one length in bytes: appended, then sealed, then read in any order.</summary>
/// <threadsafety>Writing: one thread. Reading, once sealed: any number of threads.</threadsafety>
internal abstract class RowStore(int rowBytes) : IDisposable
{
    /// <summary>Bytes in a row.</summary>
    public int RowBytes => rowBytes;

    /// <summary>Rows appended so far.</summary>
    public long Count { get; private set; }

    /// <summary>Whether the rows are in memory rather than in a file.</summary>
    public abstract bool IsInMemory { get; }

    /// <summary>Appends a row.</summary>
    /// <param name="row">Its <see cref="RowBytes"/> bytes.</param>
    public void Append(ReadOnlySpan<byte> row)
    {
        if (row.Length != rowBytes)
            throw new ArgumentException(FormattableString.Invariant($"A row of {row.Length} bytes does not fit a store of rows of {rowBytes}."), nameof(row));
        Write(row);
        Count++;
    }

    /// <summary>Ends writing; must be called once before the first row is read.</summary>
    public abstract void Seal();

    /// <summary>The bytes of a row, valid until the store is disposed.</summary>
    /// <param name="index">Its index, from 0.</param>
    public abstract ReadOnlySpan<byte> Row(long index);

    /// <inheritdoc/>
    public abstract void Dispose();

    /// <summary>Writes the bytes of the row that follows the <see cref="Count"/> rows written.</summary>
    /// <param name="row">Its bytes.</param>
    protected abstract void Write(ReadOnlySpan<byte> row);
}
