using System.Collections.Concurrent;
using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLSieve.Tests;

/// <summary>A view whose cursor sets are those of another view, of as many cursors as the test wants; it counts them, and tells of each row
/// that one of them moves to.</summary>
internal sealed class CursorSetView(IDataView source, int cursors = 4, Action<int>? atRow = null) : IDataView
{
    private int _opened;
    private int _disposed;
    private int _rows;

    public int Opened => _opened;

    public int Disposed => _disposed;

    /// <summary>Rows that all cursors have moved to.</summary>
    public int RowsRead => _rows;

    /// <summary>The threads that have moved a cursor of a set.</summary>
    public ConcurrentDictionary<int, bool> Threads { get; } = [];

    public bool CanShuffle => source.CanShuffle;

    public DataViewSchema Schema => source.Schema;

    public long? GetRowCount() => source.GetRowCount();

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null) =>
        source.GetRowCursor(columnsNeeded, rand);

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null) =>
        [.. source.GetRowCursorSet(columnsNeeded, cursors, rand).Select(cursor => new Cursor(this, cursor))];

    private sealed class Cursor : DataViewRowCursor
    {
        private readonly CursorSetView _view;
        private readonly DataViewRowCursor _source;

        public Cursor(CursorSetView view, DataViewRowCursor source)
        {
            (_view, _source) = (view, source);
            Interlocked.Increment(ref view._opened);
        }

        public override long Position => _source.Position;

        public override long Batch => _source.Batch;

        public override DataViewSchema Schema => _source.Schema;

        public override ValueGetter<T> GetGetter<T>(DataViewSchema.Column column) => _source.GetGetter<T>(column);

        public override ValueGetter<DataViewRowId> GetIdGetter() => _source.GetIdGetter();

        public override bool IsColumnActive(DataViewSchema.Column column) => _source.IsColumnActive(column);

        public override bool MoveNext()
        {
            _view.Threads[Environment.CurrentManagedThreadId] = true;
            if (!_source.MoveNext()) return false;
            _view.AtRow(Interlocked.Increment(ref _view._rows));
            return true;
        }

        protected override void Dispose(bool disposing)
        {
            Interlocked.Increment(ref _view._disposed);
            _source.Dispose();
            base.Dispose(disposing);
        }
    }

    private void AtRow(int rows) => atRow?.Invoke(rows);
}
