using Microsoft.ML.Data;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Some rows of a cursor: what their reader will ask for, their features, and what the model says of them.</summary>
internal sealed class ScoredBatch
{
    // A batch ends early where the rows carry large images along.
    private const long MaxKeptBytes = 1 << 25;

    private readonly DataViewRowCursor _input;
    private readonly ScoringSession _session;
    private readonly ColumnBuffer?[] _buffers; // by column of the input; null where it is not asked for
    private readonly ColumnBuffer[] _passed;
    private readonly ColumnBuffer[] _readOnly; // those of an example that nobody asked for: one slot each, read into the batch at once
    private readonly BufferedFeatureReader _reader;
    private readonly ValueGetter<DataViewRowId> _id;
    private readonly DataViewRowId[] _ids;
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
        (_input, _session) = (input, session);
        int rows = session.BatchRows;
        _features = GC.AllocateUninitializedArray<float>(rows * session.RowSize, pinned: true);
        _scores = new float[]?[session.Heads];
        foreach ((int i, ScoredColumn output) in outputs.Index())
        {
            if (!active[input.Schema.Count + i]) continue;
            if (output.Class is null) _scores[output.Head] ??= GC.AllocateUninitializedArray<float>(rows * session.Classes);
            if (output.Kind == Scored.ActivationMap)
                _maps ??= GC.AllocateUninitializedArray<float>(rows * session.Classes * session.MapSize);
        }

        (_id, _ids) = (input.GetIdGetter(), new DataViewRowId[rows]);
        _buffers = [.. input.Schema.Select(column => active[column.Index] ? ColumnBuffer.Create(input, column, rows) : null)];
        _passed = [.. _buffers.OfType<ColumnBuffer>()];
        bool areKept = read.All(column => active[column.Index]);
        _readOnly = areKept ? [] : [.. read.Select(column => ColumnBuffer.Create(input, column, 1))];
        _reader = BufferedFeatureReader.Create(areKept ? [.. read.Select(column => _buffers[column.Index]!)] : _readOnly, columns);
    }

    /// <summary>Rows in it.</summary>
    public int Count { get; private set; }

    /// <summary>Whether no rows come after these.</summary>
    public bool IsLast { get; private set; }

    /// <summary>The kept values of a column of the input.</summary>
    public ColumnBuffer Column(int index) => _buffers[index]!;

    /// <summary>A row's identity.</summary>
    public DataViewRowId Id(int row) => _ids[row];

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
        while (Count < Math.Min(_session.BatchRows, _ids.Length) && kept < MaxKeptBytes)
        {
            stop.ThrowIfCancellationRequested();
            if (!_input.MoveNext())
            {
                IsLast = true;
                return;
            }

            foreach (ColumnBuffer buffer in _passed)
            {
                buffer.Fill(Count);
                kept += buffer.BytesIn(Count);
            }

            foreach (ColumnBuffer buffer in _readOnly) buffer.Fill(0);
            _reader.Read(_readOnly.Length == 0 ? Count : 0, _features.AsSpan(Count * rowSize, rowSize));
            _id(ref _ids[Count]);
            Count++;
        }
    }

    /// <summary>Scores the rows.</summary>
    public void Score() => _session.Score(_features, Count, _scores, _maps);
}
