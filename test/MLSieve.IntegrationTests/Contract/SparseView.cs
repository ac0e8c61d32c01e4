using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

/// <summary>A view whose one vector column hands its numbers out sparsely: zeros are left out.</summary>
internal sealed class SparseView(IDataView input, string column) : IDataView
{
    public DataViewSchema Schema => input.Schema;

    public bool CanShuffle => false;

    public long? GetRowCount() => input.GetRowCount();

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null) =>
        new Cursor(input.GetRowCursor(columnsNeeded), column);

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null) =>
        [GetRowCursor(columnsNeeded)];

    private sealed class Cursor(DataViewRowCursor input, string sparse) : DelegatingCursor(input)
    {
        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
        {
            if (column.Name != sparse) return base.GetGetter<TValue>(column);
            ValueGetter<VBuffer<float>> dense = base.GetGetter<VBuffer<float>>(column);
            VBuffer<float> row = default;
            return (ValueGetter<TValue>)(Delegate)new ValueGetter<VBuffer<float>>((ref VBuffer<float> value) =>
            {
                dense(ref row);
                (int Index, float Value)[] kept = [.. row.DenseValues().Index().Where(each => each.Item != 0)];
                Assert.True(kept.Length < row.Length, "The row is no test: it has no zero.");
                value = new VBuffer<float>(
                    row.Length, kept.Length, [.. kept.Select(each => each.Value)], [.. kept.Select(each => each.Index)]);
            });
        }
    }
}
