using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

/// <summary>A view that counts its cursors and notes what they do; the rows are those of another view.</summary>
internal sealed class CountingView(IDataView source, Action<long>? atRow = null) : IDataView
{
    private int _cursors;
    private int _disposedCursors;

    public int Cursors => _cursors;

    public int DisposedCursors => _disposedCursors;

    public List<string> ActiveColumns { get; } = [];

    public bool CanShuffle => source.CanShuffle;

    public DataViewSchema Schema => source.Schema;

    public long? GetRowCount() => source.GetRowCount();

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null)
    {
        Interlocked.Increment(ref _cursors);
        var needed = columnsNeeded.ToArray();
        lock (ActiveColumns) ActiveColumns.AddRange(needed.Select(each => each.Name));
        return new Cursor(this, source.GetRowCursor(needed, rand), atRow);
    }

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null) =>
        [GetRowCursor(columnsNeeded, rand)];

    private sealed class Cursor(CountingView view, DataViewRowCursor source, Action<long>? atRow) : DelegatingCursor(source)
    {
        public override bool MoveNext()
        {
            bool moved = base.MoveNext();
            if (moved) atRow?.Invoke(Position);
            return moved;
        }

        protected override void Dispose(bool disposing)
        {
            Interlocked.Increment(ref view._disposedCursors);
            base.Dispose(disposing);
        }
    }
}
