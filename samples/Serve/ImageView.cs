using Microsoft.ML;
using Microsoft.ML.Data;

namespace Serve;

/// <summary>One row of a pipeline's columns, or none, in which the image alone has a value: for what is computed from the image.</summary>
/// <param name="schema">The columns.</param>
/// <param name="column">That of the image.</param>
/// <param name="image">The image; <see langword="null"/>: there is no row.</param>
internal sealed class ImageView(DataViewSchema schema, DataViewSchema.Column column, MLImage? image) : IDataView
{
    public DataViewSchema Schema => schema;

    public bool CanShuffle => false;

    public long? GetRowCount() => image is null ? 0 : 1;

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null) =>
        new Cursor(schema, column.Index, image);

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null) =>
        [GetRowCursor(columnsNeeded, rand)];

    private sealed class Cursor(DataViewSchema schema, int imageIndex, MLImage? image) : DataViewRowCursor
    {
        private long _position = -1;
        private bool _isRead;

        public override DataViewSchema Schema => schema;

        public override long Position => _position;

        public override long Batch => 0;

        public override bool IsColumnActive(DataViewSchema.Column column) => true;

        public override bool MoveNext()
        {
            _position = image is null || _isRead ? -1 : 0;
            _isRead = true;
            return _position == 0;
        }

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
        {
            if (column.Index != imageIndex) return (ref TValue value) => value = default!;
            ValueGetter<MLImage> getter = (ref MLImage value) => value = image!;
            return (ValueGetter<TValue>)(object)getter;
        }

        public override ValueGetter<DataViewRowId> GetIdGetter() => (ref DataViewRowId id) => id = new DataViewRowId(0, 0);
    }
}
