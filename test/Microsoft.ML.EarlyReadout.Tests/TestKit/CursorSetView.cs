using System.Collections.Concurrent;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

/// <summary>A view whose cursor sets are those of another view, of as many cursors as the test wants; it counts them, and tells what their
/// readers do.</summary>
/// <param name="source">The other view.</param>
/// <param name="cursors">The cursors of a set.</param>
/// <param name="atRow">Called for each row that a cursor of a set moves to, with their number so far.</param>
/// <param name="atImage">Called for each image that is asked for, of any cursor: who waits in it is a slow decoder.</param>
/// <param name="atGetter">Called for each getter that is asked for, of any cursor.</param>
internal sealed class CursorSetView(
    IDataView source, int cursors = 4, Action<int>? atRow = null, Action? atImage = null, Action<DataViewSchema.Column>? atGetter = null)
    : IDataView
{
    private int _opened;
    private int _disposed;
    private int _rows;

    public int Opened => _opened;

    public int Disposed => _disposed;

    /// <summary>Rows that all cursors of sets have moved to.</summary>
    public int RowsRead => Volatile.Read(ref _rows);

    /// <summary>The threads that have moved a cursor of a set.</summary>
    public ConcurrentDictionary<int, bool> Threads { get; } = [];

    public bool CanShuffle => source.CanShuffle;

    public DataViewSchema Schema => source.Schema;

    public long? GetRowCount() => source.GetRowCount();

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null) =>
        new Cursor(this, source.GetRowCursor(columnsNeeded, rand), isOfSet: false);

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null) =>
        [.. source.GetRowCursorSet(columnsNeeded, cursors, rand).Select(cursor => new Cursor(this, cursor, isOfSet: true))];

    private sealed class Cursor : DelegatingCursor
    {
        private readonly CursorSetView _view;
        private readonly bool _isOfSet;

        public Cursor(CursorSetView view, DataViewRowCursor source, bool isOfSet)
            : base(source)
        {
            (_view, _isOfSet) = (view, isOfSet);
            if (isOfSet) Interlocked.Increment(ref view._opened);
        }

        public override ValueGetter<T> GetGetter<T>(DataViewSchema.Column column)
        {
            _view.AtGetter(column);
            ValueGetter<T> getter = base.GetGetter<T>(column);
            if (typeof(T) != typeof(MLImage)) return getter;
            return (ref T value) =>
            {
                _view.AtImage();
                getter(ref value);
            };
        }

        public override bool MoveNext()
        {
            if (_isOfSet) _view.Threads[Environment.CurrentManagedThreadId] = true;
            if (!base.MoveNext()) return false;
            if (_isOfSet) _view.AtRow(Interlocked.Increment(ref _view._rows));
            return true;
        }

        protected override void Dispose(bool disposing)
        {
            if (_isOfSet) Interlocked.Increment(ref _view._disposed);
            base.Dispose(disposing);
        }
    }

    private void AtRow(int rows) => atRow?.Invoke(rows);

    private void AtImage() => atImage?.Invoke();

    private void AtGetter(DataViewSchema.Column column) => atGetter?.Invoke(column);
}
