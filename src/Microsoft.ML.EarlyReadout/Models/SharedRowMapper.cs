using Microsoft.ML.Data;

namespace Microsoft.ML.EarlyReadout;

/// <summary>A stock row mapper over a native object that another thread may dispose: each value that is read is a use of it.</summary>
internal sealed class SharedRowMapper(IRowToRowMapper mapper, SharedLifetime lifetime) : IRowToRowMapper
{
    public DataViewSchema InputSchema => mapper.InputSchema;

    public DataViewSchema OutputSchema => mapper.OutputSchema;

    public IEnumerable<DataViewSchema.Column> GetDependencies(IEnumerable<DataViewSchema.Column> dependingColumns) =>
        mapper.GetDependencies(dependingColumns);

    public DataViewRow GetRow(DataViewRow input, IEnumerable<DataViewSchema.Column> activeColumns) =>
        new Row(mapper.GetRow(input, activeColumns), lifetime);

    private sealed class Row(DataViewRow row, SharedLifetime lifetime) : DataViewRow
    {
        public override DataViewSchema Schema => row.Schema;

        public override long Position => row.Position;

        public override long Batch => row.Batch;

        public override bool IsColumnActive(DataViewSchema.Column column) => row.IsColumnActive(column);

        public override ValueGetter<DataViewRowId> GetIdGetter() => row.GetIdGetter();

        public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
        {
            ValueGetter<TValue> getter = row.GetGetter<TValue>(column);
            return (ref TValue value) =>
            {
                using SharedLifetime.Use use = lifetime.Enter();
                getter(ref value);
            };
        }

        protected override void Dispose(bool disposing)
        {
            if (disposing) row.Dispose();
            base.Dispose(disposing);
        }
    }
}
