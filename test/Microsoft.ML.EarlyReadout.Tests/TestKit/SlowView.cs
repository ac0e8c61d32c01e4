using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLSieve.Tests;

/// <summary>A view whose images take their time: who asks for one waits, as for a decoder. Rows and cursor sets are those of another
/// view.</summary>
/// <param name="source">The other view.</param>
/// <param name="wait">Called for each image that is asked for.</param>
internal sealed class SlowView(IDataView source, Action wait) : IDataView
{
    public bool CanShuffle => source.CanShuffle;

    public DataViewSchema Schema => source.Schema;

    public long? GetRowCount() => source.GetRowCount();

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null) =>
        new Cursor(source.GetRowCursor(columnsNeeded, rand), wait);

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null) =>
        [.. source.GetRowCursorSet(columnsNeeded, n, rand).Select(cursor => new Cursor(cursor, wait))];

    private sealed class Cursor(DataViewRowCursor source, Action wait) : DataViewRowCursor
    {
        public override long Position => source.Position;

        public override long Batch => source.Batch;

        public override DataViewSchema Schema => source.Schema;

        public override ValueGetter<T> GetGetter<T>(DataViewSchema.Column column)
        {
            ValueGetter<T> getter = source.GetGetter<T>(column);
            if (typeof(T) != typeof(MLImage)) return getter;
            return (ref T value) =>
            {
                wait();
                getter(ref value);
            };
        }

        public override ValueGetter<DataViewRowId> GetIdGetter() => source.GetIdGetter();

        public override bool IsColumnActive(DataViewSchema.Column column) => source.IsColumnActive(column);

        public override bool MoveNext() => source.MoveNext();

        protected override void Dispose(bool disposing)
        {
            source.Dispose();
            base.Dispose(disposing);
        }
    }
}
