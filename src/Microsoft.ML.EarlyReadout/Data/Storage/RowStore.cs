namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// Rows of bytes, of any length: appended first, then read in any order. In memory as long as the budget has room, else in a file.
/// </summary>
/// <param name="budget">The budget.</param>
/// <threadsafety>Writing: one thread. Reading, once writing has ended: any number of threads.</threadsafety>
internal sealed class RowStore(MemoryBudget budget) : IDisposable
{
    private const int ReadAhead = 1 << 20;

    private readonly RowIndex _index = new();
    private ByteStore _bytes = new MemoryBytes();
    private long _taken; // of the budget

    /// <summary>Rows appended so far.</summary>
    public long Count => _index.Count;

    /// <summary>The bytes of all rows.</summary>
    public long Bytes => _index.End;

    /// <summary>Whether the rows are in memory rather than in a file.</summary>
    public bool IsInMemory => _bytes.IsInMemory;

    /// <summary>Appends a row.</summary>
    /// <exception cref="IOException">It has to go to a file, which cannot be written.</exception>
    public void Append(ReadOnlySpan<byte> row)
    {
        if (_bytes is MemoryBytes memory)
        {
            if (budget.TryTake(row.Length)) _taken += row.Length;
            else Spill(memory);
        }
        _bytes.Append(row);
        _index.Add(row.Length);
    }

    /// <summary>Ends writing; must be called once before the first row is read.</summary>
    public void EndWriting()
    {
        _bytes.EndWriting();
        _index.EndWriting();
    }

    /// <summary>The bytes that a row has.</summary>
    /// <param name="row">The row, from 0.</param>
    public int LengthOf(long row) => _index[row].Length;

    /// <summary>Copies a row out.</summary>
    /// <param name="row">The row, from 0.</param>
    /// <param name="destination">Receives it; as long as the row.</param>
    public void Read(long row, Span<byte> destination)
    {
        var (start, length) = _index[row];
        _bytes.Read(start, destination[..length]);
    }

    /// <summary>Says which rows are read next: from a file, all of them are then fetched at once rather than one by one.</summary>
    public void Expect(ReadOnlySpan<long> rows)
    {
        if (IsInMemory)
            return;
        foreach (long row in rows)
        {
            var (start, length) = _index[row];
            _bytes.Expect(start, length);
        }
    }

    /// <summary>Goes through all rows in their order.</summary>
    /// <param name="use">Is given each row's bytes, valid until it returns.</param>
    public void ForEach(Action<ReadOnlySpan<byte>> use)
    {
        byte[] buffer = [];
        long expected = 0;
        for (long row = 0; row < Count; row++)
        {
            var (start, length) = _index[row];
            if (start + length > expected)
            {
                _bytes.Expect(start, length + ReadAhead);
                expected = start + length + ReadAhead;
            }
            if (buffer.Length < length)
                buffer = new byte[length];
            _bytes.Read(start, buffer.AsSpan(0, length));
            use(buffer.AsSpan(0, length));
        }
    }

    /// <summary>Gives the budget's bytes back before the rows go: to a copy that takes their place.</summary>
    public void GiveBudgetBack()
    {
        budget.GiveBack(_taken);
        _taken = 0;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _bytes.Dispose();
        GiveBudgetBack();
    }

    private void Spill(MemoryBytes memory)
    {
        _bytes = budget.CreateFile();
        memory.MoveTo(_bytes);
        GiveBudgetBack();
    }
}
