using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLSieve.Tests;

/// <summary>A cursor that is another's in all that a test does not change.</summary>
internal abstract class PassingCursor(DataViewRowCursor source) : DataViewRowCursor
{
    public override long Position => source.Position;

    public override long Batch => source.Batch;

    public override DataViewSchema Schema => source.Schema;

    public override ValueGetter<T> GetGetter<T>(DataViewSchema.Column column) => source.GetGetter<T>(column);

    public override ValueGetter<DataViewRowId> GetIdGetter() => source.GetIdGetter();

    public override bool IsColumnActive(DataViewSchema.Column column) => source.IsColumnActive(column);

    public override bool MoveNext() => source.MoveNext();

    protected override void Dispose(bool disposing)
    {
        source.Dispose();
        base.Dispose(disposing);
    }
}
