using Microsoft.ML.Data;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Reads a cursor on a thread of its own, as far ahead of its consumer as there is room.</summary>
/// <param name="input">The cursor; it is the worker's to dispose.</param>
/// <param name="gate">What all workers of a set, and their consumer, lock and wait on. Members are called under it, unless they say
/// otherwise.</param>
/// <param name="maxBytes">It reads no further row while those that it keeps take so many bytes.</param>
internal sealed class ReadAheadWorker(DataViewRowCursor input, object gate, long maxBytes) : IDisposable
{
    // ML.NET deals rows out to the cursors of a set in batches of 128. With less room a worker would stand still while another's batch is
    // consumed.
    private const int MaxRows = 160;

    private readonly Queue<ReadAheadRow> _ready = new();
    private readonly Stack<int> _free = new(Enumerable.Range(0, MaxRows).Reverse()); // the last one freed is filled first
    private long _bytes; // of the rows that are read and not yet released
    private Task? _reading;
    private bool _isStopped;
    private bool _isDone;

    /// <summary>Whether all of its rows were taken.</summary>
    public bool HasEnded => _isDone && _ready.Count == 0;

    /// <summary>The rows that it has read. No lock is needed.</summary>
    public RowBuffer Rows { get; } = new(input, MaxRows);

    /// <summary>Starts to read.</summary>
    public void Start() => _reading = Task.Factory.StartNew(
        Read, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    /// <summary>The batch of its next row, where that is read.</summary>
    public bool TryPeek(out long batch)
    {
        bool isRead = _ready.TryPeek(out ReadAheadRow row);
        batch = row.Batch;
        return isRead;
    }

    /// <summary>Its next row, which the consumer keeps until it releases it.</summary>
    public ReadAheadRow Take() => _ready.Dequeue();

    /// <summary>Gives a row's place back.</summary>
    public void Release(in ReadAheadRow row)
    {
        _bytes -= row.Bytes;
        _free.Push(row.Slot);
        Monitor.PulseAll(gate);
    }

    /// <summary>Lets the reading end with the row that it is at.</summary>
    public void Stop() => _isStopped = true;

    /// <summary>Waits for the reading to end and disposes the cursor. To be called after <see cref="Stop"/>, without the lock.</summary>
    public void Dispose()
    {
        if (_reading is null) input.Dispose();
        else _reading.Wait();
    }

    private void Read()
    {
        using (input)
        {
            long batch = long.MinValue; // a cursor that fails at once is the next to be looked at
            try
            {
                while (TryBegin(out int slot) && input.MoveNext())
                {
                    batch = input.Batch;
                    Hand(new ReadAheadRow { Slot = slot, Batch = batch, Bytes = Rows.Fill(slot) });
                }
            }
            catch (Exception fault)
            {
                Hand(new ReadAheadRow { Batch = batch, EndedBy = fault });
            }
            finally
            {
                lock (gate)
                {
                    _isDone = true;
                    Monitor.PulseAll(gate);
                }
            }
        }
    }

    /// <summary>Waits for a place.</summary>
    private bool TryBegin(out int slot)
    {
        lock (gate)
        {
            while (!_isStopped && (_bytes >= maxBytes || _free.Count == 0)) Monitor.Wait(gate);
            slot = _isStopped ? -1 : _free.Pop();
            return !_isStopped;
        }
    }

    private void Hand(in ReadAheadRow row)
    {
        lock (gate)
        {
            _bytes += row.Bytes;
            _ready.Enqueue(row);
            Monitor.PulseAll(gate);
        }
    }
}
