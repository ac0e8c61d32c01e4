using Microsoft.ML.Data;

namespace Microsoft.ML.EarlyReadout;

/// <summary>A view of loaded images whose pixels are of the scale at which they are needed.</summary>
/// <param name="stock">The view as <c>LoadImages</c> makes it.</param>
/// <param name="output">Its column of images.</param>
/// <param name="path">Its column of paths.</param>
/// <param name="images">Loads them.</param>
internal sealed class ScaledImageView(IDataView stock, DataViewSchema.Column output, DataViewSchema.Column path, ScaledImages images)
    : IDataView
{
    public DataViewSchema Schema => stock.Schema;

    public bool CanShuffle => stock.CanShuffle;

    public long? GetRowCount() => stock.GetRowCount();

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null)
    {
        DataViewSchema.Column[] needed = [.. columnsNeeded];
        return Over(stock.GetRowCursor(WithPath(needed), rand), needed);
    }

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null)
    {
        DataViewSchema.Column[] needed = [.. columnsNeeded];
        return Array.ConvertAll(stock.GetRowCursorSet(WithPath(needed), n, rand), cursor => Over(cursor, needed));
    }

    private IEnumerable<DataViewSchema.Column> WithPath(DataViewSchema.Column[] needed) =>
        Loads(needed) ? needed.Append(path).DistinctBy(column => column.Index) : needed;

    private DataViewRowCursor Over(DataViewRowCursor cursor, DataViewSchema.Column[] needed) =>
        Loads(needed) ? new Cursor(cursor, output, path, images, needed) : cursor;

    private bool Loads(DataViewSchema.Column[] needed) => needed.Any(column => column.Index == output.Index);

    // The stock cursor decodes an image only where it is asked for one, which it never is.
    private sealed class Cursor(
        DataViewRowCursor input, DataViewSchema.Column output, DataViewSchema.Column path, ScaledImages images,
        DataViewSchema.Column[] needed)
        : DelegatingCursor(input)
    {
        public override bool IsColumnActive(DataViewSchema.Column column) => needed.Any(each => each.Index == column.Index);

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
        {
            if (column.Index != output.Index) return base.GetGetter<TValue>(column);
            return Images() as ValueGetter<TValue>
                ?? throw new InvalidOperationException($"Column '{column.Name}' holds {column.Type}, not {typeof(TValue)}.");
        }

        private ValueGetter<MLImage> Images()
        {
            ValueGetter<ReadOnlyMemory<char>> getter = base.GetGetter<ReadOnlyMemory<char>>(path);
            ReadOnlyMemory<char> name = default;
            return (ref MLImage image) =>
            {
                image?.Dispose(); // by ML.NET's custom
                image = null!;
                getter(ref name);
                if (!name.IsEmpty) image = images.Load(name.ToString()); // a row without a path has no image, as with LoadImages
            };
        }
    }
}
