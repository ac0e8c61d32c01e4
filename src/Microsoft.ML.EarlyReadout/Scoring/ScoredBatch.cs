using Microsoft.ML.Data;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Some rows of a cursor: what their reader will ask for, their features, and what the model says of them.</summary>
internal sealed class ScoredBatch
{
    // A batch ends early where the rows carry large images along.
    private const long MaxKeptBytes = 1 << 25;

    private readonly DataViewRowCursor _input;
    private readonly ScoringSession _session;
    private readonly IReadOnlyList<DataViewSchema.Column> _read; // those of an example
    private readonly ColumnBuffer[] _readOnly; // the same where nobody asked for them: one slot each, read into the batch at once
    private readonly BufferedFeatureReader _reader;
    private readonly int _rows; // at most
    private readonly float[] _features;
    private readonly float[]?[] _scores; // by classifier, (rows, classes); null where none of its columns is active
    private readonly float[]? _maps; // (rows, classes, h, w); null where no map is active

    /// <summary>A batch that holds no row yet.</summary>
    /// <param name="input">The rows.</param>
    /// <param name="active">By column of the input, whether it is asked for; then by output.</param>
    /// <param name="outputs">The outputs.</param>
    /// <param name="read">The columns that make up an example.</param>
    /// <param name="columns">The model's columns.</param>
    /// <param name="session">The model.</param>
    public ScoredBatch(
        DataViewRowCursor input, bool[] active, IReadOnlyList<ScoredColumn> outputs, IReadOnlyList<DataViewSchema.Column> read,
        ScoringColumns columns, ScoringSession session)
    {
        (_input, _session, _read, _rows) = (input, session, read, session.BatchRows);
        _features = GC.AllocateUninitializedArray<float>(_rows * session.RowSize, pinned: true);
        _scores = new float[]?[session.Heads];
        foreach ((int i, ScoredColumn output) in outputs.Index())
        {
            if (!active[input.Schema.Count + i]) continue;
            if (output.Class is null) _scores[output.Head] ??= GC.AllocateUninitializedArray<float>(_rows * session.Classes);
            if (output.Kind == Scored.ActivationMap)
                _maps ??= GC.AllocateUninitializedArray<float>(_rows * session.Classes * session.MapSize);
        }

        Rows = new RowBuffer(input, _rows, column => active[column.Index]);
        bool areKept = read.All(column => active[column.Index]);
        _readOnly = areKept ? [] : [.. read.Select(column => ColumnBuffer.Create(input, column, 1))];
        _reader = BufferedFeatureReader.Create(areKept ? [.. read.Select(Rows.Column)] : _readOnly, columns);
    }

    /// <summary>Rows in it.</summary>
    public int Count { get; private set; }

    /// <summary>Whether no rows come after these.</summary>
    public bool IsLast { get; private set; }

    /// <summary>The columns of the input that are asked for.</summary>
    public RowBuffer Rows { get; }

    /// <summary>A row's probabilities by a classifier, (classes).</summary>
    public ReadOnlySpan<float> Scores(int head, int row) => _scores[head].AsSpan(row * _session.Classes, _session.Classes);

    /// <summary>A row's activation map of a class before its ReLU, (h, w).</summary>
    public ReadOnlySpan<float> Map(int row, int c) =>
        _maps.AsSpan((row * _session.Classes + c) * _session.MapSize, _session.MapSize);

    /// <summary>Reads the next rows in place of those that it has.</summary>
    /// <param name="stop">Ends the reading within a row.</param>
    public void Read(CancellationToken stop)
    {
        int rowSize = _session.RowSize;
        (Count, IsLast) = (0, false);
        long kept = 0;
        while (Count < Math.Min(_session.BatchRows, _rows) && kept < MaxKeptBytes)
        {
            stop.ThrowIfCancellationRequested();
            if (!_input.MoveNext())
            {
                IsLast = true;
                return;
            }

            kept += Rows.Fill(Count);
            bool areKept = _readOnly.Length == 0;
            if (areKept) foreach (DataViewSchema.Column column in _read) Rows.ThrowIfFailed(Count, column); // a row that cannot be scored
            else foreach (ColumnBuffer buffer in _readOnly) buffer.Fill(0);
            _reader.Read(areKept ? Count : 0, _features.AsSpan(Count * rowSize, rowSize));
            Count++;
        }
    }

    /// <summary>Scores the rows.</summary>
    public void Score() => _session.Score(_features, Count, _scores, _maps);
}
