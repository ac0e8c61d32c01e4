using System.Diagnostics;
using System.Numerics.Tensors;
using Microsoft.ML.Data;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// Reads a batch of rows ahead from ONE cursor of the input, scores them together, then hands them out one by one in their order.
/// </summary>
internal sealed class ScoredCursor : DataViewRowCursor
{
    // A batch ends early where the rows carry large images along.
    private const long MaxKeptBytes = 1 << 26;

    private readonly DataViewRowCursor _input;
    private readonly bool[] _active;
    private readonly ScoringSession _session;
    private readonly ColumnBuffer?[] _buffers;
    private readonly ColumnBuffer[] _passed;
    private readonly ColumnBuffer? _featureOnly;
    private readonly BufferedFeatureReader _reader;
    private readonly RowIds _ids;
    private readonly float[] _features;
    private readonly IReadOnlyList<ScoredColumn> _outputs;
    private readonly float[]?[] _scores; // by classifier, (rows, classes); null where none of its columns is active
    private readonly float[]? _maps; // (rows, classes, h, w); null where no map is active
    private readonly int _classes;
    private int _slot = -1;
    private int _count;
    private bool _ended;
    private long _position = -1;

    public ScoredCursor(
        DataViewSchema schema, DataViewRowCursor input, bool[] active, IReadOnlyList<ScoredColumn> outputs, DataViewSchema.Column feature,
        ScoringColumns columns, ScoringSession session)
    {
        Schema = schema;
        _input = input;
        _active = active;
        _session = session;
        _classes = session.Classes;
        int rows = session.BatchRows;
        _features = GC.AllocateUninitializedArray<float>(rows * session.RowSize, pinned: true);
        _outputs = outputs;
        _scores = new float[]?[session.Heads];
        foreach ((int i, ScoredColumn output) in outputs.Index())
        {
            if (!active[input.Schema.Count + i]) continue;
            if (output.Class is null) _scores[output.Head] ??= GC.AllocateUninitializedArray<float>(rows * _classes, pinned: true);
            if (output.Kind == Scored.ActivationMap)
                _maps ??= GC.AllocateUninitializedArray<float>(rows * _classes * MapSize, pinned: true);
        }
        _ids = new RowIds(input.GetIdGetter(), rows);
        _buffers = [.. input.Schema.Select(column => active[column.Index] ? ColumnBuffer.Create(input, column, rows) : null)];
        _passed = [.. _buffers.OfType<ColumnBuffer>()];
        // A feature column that nobody else asked for needs one slot only: it is read into the batch at once.
        _featureOnly = _buffers[feature.Index] is null ? ColumnBuffer.Create(input, feature, 1) : null;
        _reader = BufferedFeatureReader.Create(_featureOnly ?? _buffers[feature.Index]!, columns);
    }

    public override DataViewSchema Schema { get; }

    public override long Position => _position;

    public override long Batch => 0;

    public override bool IsColumnActive(DataViewSchema.Column column) => _active[column.Index];

    public override bool MoveNext()
    {
        if (_slot + 1 >= _count && !ReadBatch())
        {
            _position = -1;
            return false;
        }

        _slot++;
        _position++;
        return true;
    }

    public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
    {
        if (!_active[column.Index])
            throw new InvalidOperationException($"Column '{column.Name}' was not asked for when the cursor was made.");
        Delegate getter = column.Index < _buffers.Length
            ? _buffers[column.Index]!.Getter(() => _slot)
            : OutputGetter(_outputs[column.Index - _buffers.Length]);
        return getter as ValueGetter<TValue>
            ?? throw new InvalidOperationException(
                $"Column '{column.Name}' is {column.Type}; its values cannot be read as {typeof(TValue)}.");
    }

    public override ValueGetter<DataViewRowId> GetIdGetter() => (ref DataViewRowId id) => id = _ids[_slot];

    protected override void Dispose(bool disposing)
    {
        if (disposing) _input.Dispose();
        base.Dispose(disposing);
    }

    private bool ReadBatch()
    {
        int rowSize = _session.RowSize;
        _slot = -1;
        _count = 0;
        long kept = 0;
        while (!_ended && _count < _session.BatchRows && kept < MaxKeptBytes)
        {
            if (!_input.MoveNext())
            {
                _ended = true;
                break;
            }

            foreach (ColumnBuffer buffer in _passed)
            {
                buffer.Fill(_count);
                kept += buffer.BytesIn(_count);
            }

            _featureOnly?.Fill(0);
            _reader.Read(_featureOnly is null ? _count : 0, _features.AsSpan(_count * rowSize, rowSize));
            _ids.Fill(_count);
            _count++;
        }

        _session.Score(_features, _count, _scores, _maps);
        return _count > 0;
    }

    private Delegate OutputGetter(ScoredColumn output)
    {
        if (output is { Kind: Scored.ActivationMap, Class: { } c })
            return (ValueGetter<VBuffer<float>>)((ref VBuffer<float> value) => CopyMap(c, ref value));
        float[] scores = _scores[output.Head]!;
        return output.Kind switch
        {
            Scored.Score => (ValueGetter<VBuffer<float>>)((ref VBuffer<float> value) => CopyScore(scores, ref value)),
            Scored.PredictedLabel => (ValueGetter<uint>)((ref uint value) => value = PredictedLabel(scores)),
            Scored.ActivationMap =>
                (ValueGetter<VBuffer<float>>)((ref VBuffer<float> value) => CopyMap((int)PredictedLabel(scores) - 1, ref value)),
            Scored.Margin => (ValueGetter<float>)((ref float value) => value = Margin(scores)),
            _ => throw new UnreachableException($"No output {output.Kind}."),
        };
    }

    private ReadOnlySpan<float> Row(float[] scores) => scores.AsSpan(_slot * _classes, _classes);

    private void CopyScore(float[] scores, ref VBuffer<float> value)
    {
        VBufferEditor<float> editor = VBufferEditor.Create(ref value, _classes);
        Row(scores).CopyTo(editor.Values);
        value = editor.Commit();
    }

    private int MapSize => _session.MapHeight * _session.MapWidth;

    /// <summary>A map after its ReLU; all zero where there is no class to show (−1).</summary>
    private void CopyMap(int c, ref VBuffer<float> value)
    {
        VBufferEditor<float> editor = VBufferEditor.Create(ref value, MapSize);
        if (c < 0) editor.Values.Clear();
        else TensorPrimitives.Max(_maps.AsSpan((_slot * _classes + c) * MapSize, MapSize), 0f, editor.Values);
        value = editor.Commit();
    }

    /// <summary>The first class of the highest probability, as a key (from 1); missing (0) where no probability is a number.</summary>
    private uint PredictedLabel(float[] scores)
    {
        ReadOnlySpan<float> row = Row(scores);
        float highest = float.NegativeInfinity;
        uint key = 0;
        for (int i = 0; i < row.Length; i++)
        {
            if (!(row[i] > highest)) continue;
            highest = row[i];
            key = (uint)i + 1;
        }

        return key;
    }

    private float Margin(float[] scores) => ConfidenceMargin.Of(Row(scores));

    private sealed class RowIds(ValueGetter<DataViewRowId> source, int slots)
    {
        private readonly DataViewRowId[] _ids = new DataViewRowId[slots];

        public DataViewRowId this[int slot] => _ids[slot];

        public void Fill(int slot) => source(ref _ids[slot]);
    }
}
