using Microsoft.ML.Data;

namespace Microsoft.ML.EarlyReadout;

/// <summary>A view whose faults name column, row and file, for stock transforms that read it.</summary>
/// <param name="view">The view.</param>
/// <param name="required">The column that must have an image in every row.</param>
internal sealed class FaultNamingView(IDataView view, DataViewSchema.Column required) : IDataView
{
    public DataViewSchema Schema => view.Schema;

    public bool CanShuffle => view.CanShuffle;

    public long? GetRowCount() => view.GetRowCount();

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null) =>
        new FaultNamingCursor(view, columnsNeeded, required, rand);

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null) =>
        [GetRowCursor(columnsNeeded, rand)];
}
