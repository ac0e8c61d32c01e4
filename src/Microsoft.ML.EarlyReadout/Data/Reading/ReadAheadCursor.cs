using System.Runtime.ExceptionServices;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// One cursor over rows that several workers read ahead, each by a cursor of the view's own set. The rows come in the view's order, and
/// what fails on a row fails where the row's value is asked for, as it would without workers.
/// </summary>
/// <remarks>ML.NET reads ahead itself where all columns hold numbers, texts, or vectors of them. Columns of images it reads on one
/// thread.</remarks>
internal sealed class ReadAheadCursor : DataViewRowCursor
{
    // Where images are large, a worker reads fewer ahead.
    private const long MaxWorkerBytes = 1 << 26;
    private const int Part = 16; // of what the process may use, for all workers of a cursor

    private readonly DataViewRowCursor[] _set;
    private readonly ReadAheadWorker[] _workers;
    private readonly object _gate = new();
    private ReadAheadWorker? _current;
    private ReadAheadRow _row;
    private long _position = -1;
    private bool _isStarted;
    private bool _isDisposed;

    private ReadAheadCursor(DataViewRowCursor[] set, long bytes)
    {
        _set = set;
        long each = Math.Max(1, bytes / set.Length); // where no memory is left, a worker still reads a row, or nobody would go on
        _workers = [.. set.Select(cursor => new ReadAheadWorker(cursor, _gate, each))];
    }

    public override DataViewSchema Schema => _set[0].Schema;

    public override long Position => _position;

    public override long Batch => 0;

    /// <summary>Opens a cursor over a view: one that reads ahead, where there are columns of images and the view has a set of cursors; else
    /// the view's own.</summary>
    /// <param name="view">The view.</param>
    /// <param name="columns">The columns to read.</param>
    /// <param name="random">Shuffles the rows, where the view can.</param>
    /// <param name="threads">How many workers there may be; 1: the thread that asks for rows reads them.</param>
    /// <param name="bytes">The memory for rows that are read ahead; by default the <see cref="Allowance"/>.</param>
    public static DataViewRowCursor Open(
        IDataView view, IEnumerable<DataViewSchema.Column> columns, Random? random, int threads, long? bytes = null)
    {
        DataViewSchema.Column[] needed = [.. columns];
        if (threads == 1 || !needed.Any(column => column.Type is ImageDataViewType)) return view.GetRowCursor(needed, random);
        DataViewRowCursor[] set = view.GetRowCursorSet(needed, threads, random);
        if (set is [var single]) return single;
        try
        {
            return new ReadAheadCursor(set, bytes ?? Allowance(set.Length, MemoryBudget.Usable()));
        }
        catch
        {
            foreach (DataViewRowCursor cursor in set) cursor.Dispose();
            throw;
        }
    }

    /// <summary>The memory that workers share for rows that are read ahead. One more row of each may go beyond it.</summary>
    /// <param name="workers">How many there are.</param>
    /// <param name="usable">The bytes that the process may still use.</param>
    internal static long Allowance(int workers, long usable) => Math.Min(workers * MaxWorkerBytes, usable / Part);

    public override bool IsColumnActive(DataViewSchema.Column column) => _set[0].IsColumnActive(column);

    public override bool MoveNext()
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            if (!_isStarted)
            {
                _isStarted = true;
                foreach (ReadAheadWorker worker in _workers) worker.Start();
            }

            _current?.Release(_row);
            ReadAheadWorker? next;
            while (!TryNext(out next)) Monitor.Wait(_gate);
            _current = next;
            if (next is null)
            {
                _position = -1;
                return false;
            }

            _row = next.Take();
        }

        if (_row.EndedBy is { } fault)
        {
            _current = null; // there is no row to release
            ExceptionDispatchInfo.Throw(fault);
        }

        _position++;
        return true;
    }

    public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column) =>
        _workers[0].Rows.Getter<TValue>(column, () => (_current!.Rows, _row.Slot));

    public override ValueGetter<DataViewRowId> GetIdGetter() => (ref DataViewRowId id) => id = _current!.Rows.Id(_row.Slot);

    protected override void Dispose(bool disposing)
    {
        if (disposing && !_isDisposed)
        {
            lock (_gate)
            {
                _isDisposed = true;
                foreach (ReadAheadWorker worker in _workers) worker.Stop();
                Monitor.PulseAll(_gate);
            }

            foreach (ReadAheadWorker worker in _workers) worker.Dispose();
        }

        base.Dispose(disposing);
    }

    /// <summary>Looks for the worker that has the next row: the one of the lowest batch, because each batch is of one cursor.</summary>
    /// <param name="next">The worker; <see langword="null"/> where all rows were taken.</param>
    /// <returns>Whether it is known yet.</returns>
    private bool TryNext(out ReadAheadWorker? next)
    {
        next = null;
        if (_current is { } current && current.TryPeek(out long batch) && batch == _row.Batch)
        {
            next = current;
            return true;
        }

        long lowest = long.MaxValue;
        foreach (ReadAheadWorker worker in _workers)
        {
            if (worker.HasEnded) continue;
            if (!worker.TryPeek(out long first)) return false;
            if (next is null || first < lowest) (next, lowest) = (worker, first);
        }

        return true;
    }
}
