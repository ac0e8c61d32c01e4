using Microsoft.ML.Data;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// An input view with the columns of predictions added, computed in batches as the view is read. The stock OnnxTransformer runs its session
/// once a row, which costs several times more.
/// </summary>
internal sealed class ScoredView : IDataView
{
    private readonly IDataView _input;
    private readonly ScoringSession _session;
    private readonly ScoringColumns _columns;
    private readonly IReadOnlyList<DataViewSchema.Column> _read;
    private readonly IReadOnlyList<ScoredColumn> _outputs;
    private readonly int _threads;

    public ScoredView(IDataView input, ScoringSession session, StockHead head, ScoringColumns columns)
        : this(input, session, columns, head.OutputColumns(input.Schema, columns)) { }

    /// <param name="input">The rows.</param>
    /// <param name="session">The model.</param>
    /// <param name="columns">Its columns.</param>
    /// <param name="outputs">The columns that are added.</param>
    /// <param name="threads">How many threads read a cursor's rows and score them; 1: the one that asks for them. By default as many as
    /// there are processors.</param>
    public ScoredView(
        IDataView input, ScoringSession session, ScoringColumns columns, IReadOnlyList<ScoredColumn> outputs, int? threads = null)
    {
        _threads = threads ?? Environment.ProcessorCount;
        _input = input;
        _session = session;
        _columns = columns;
        _read = columns.ReadIn(input.Schema);
        _outputs = outputs;
        Schema = SchemaOf(input.Schema, _outputs);
    }

    public DataViewSchema Schema { get; }

    public bool CanShuffle => _input.CanShuffle;

    /// <summary>The schema of a scored view: the input's columns under their own indices, then the outputs.</summary>
    public static DataViewSchema SchemaOf(DataViewSchema input, StockHead head, ScoringColumns columns)
    {
        columns.FeatureIn(input);
        return SchemaOf(input, head.OutputColumns(input, columns));
    }

    /// <summary>The same view, read and scored by so many threads.</summary>
    internal ScoredView By(int threads) => new(_input, _session, _columns, _outputs, threads);

    public long? GetRowCount() => _input.GetRowCount();

    public DataViewRowCursor GetRowCursor(IEnumerable<DataViewSchema.Column> columnsNeeded, Random? rand = null)
    {
        var active = new bool[Schema.Count];
        foreach (DataViewSchema.Column column in columnsNeeded) active[column.Index] = true;
        bool scores = active.AsSpan(_input.Schema.Count).Contains(true);
        IEnumerable<DataViewSchema.Column> needed = _input.Schema.Where(
            column => active[column.Index] || (scores && _read.Any(read => read.Index == column.Index)));
        var input = new FaultNamingCursor(_input, needed, scores ? _read[0] : null, rand, _threads);
        try
        {
            return scores
                ? new ScoredCursor(Schema, input, active, _outputs, _read, _columns, _session, _threads)
                : new PassThroughCursor(Schema, input);
        }
        catch
        {
            input.Dispose();
            throw;
        }
    }

    public DataViewRowCursor[] GetRowCursorSet(IEnumerable<DataViewSchema.Column> columnsNeeded, int n, Random? rand = null) =>
        [GetRowCursor(columnsNeeded, rand)];

    /// <summary>The schema of a view with output columns added.</summary>
    public static DataViewSchema SchemaOf(DataViewSchema input, IEnumerable<ScoredColumn> outputs)
    {
        var builder = new DataViewSchema.Builder();
        builder.AddColumns(input);
        builder.AddColumns(outputs.Select(output => output.Column));
        return builder.ToSchema();
    }
}
