using System.Diagnostics;
using System.Numerics.Tensors;
using Microsoft.ML.Data;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// Reads rows ahead from ONE cursor of the input, batch by batch, scores each batch at once, and hands the rows out one by one in their
/// order.
/// </summary>
internal sealed class ScoredCursor : DataViewRowCursor
{
    private readonly DataViewRowCursor _input;
    private readonly bool[] _active;
    private readonly ScoringSession _session;
    private readonly IReadOnlyList<ScoredColumn> _outputs;
    private readonly BatchPipeline _batches;
    private ScoredBatch _batch;
    private int _slot = -1;
    private long _position = -1;
    private bool _isDisposed;

    public ScoredCursor(
        DataViewSchema schema, DataViewRowCursor input, bool[] active, IReadOnlyList<ScoredColumn> outputs,
        IReadOnlyList<DataViewSchema.Column> read, ScoringColumns columns, ScoringSession session, int threads)
    {
        (Schema, _input, _active, _outputs, _session) = (schema, input, active, outputs, session);
        _batch = Make(isFirst: true); // getters are made before the first row
        _batches = new BatchPipeline(_batch, () => Make(isFirst: false), threads);

        ScoredBatch Make(bool isFirst) => new(input, active, outputs, read, columns, session, isFirst);
    }

    public override DataViewSchema Schema { get; }

    public override long Position => _position;

    public override long Batch => 0;

    public override bool IsColumnActive(DataViewSchema.Column column) => _active[column.Index];

    public override bool MoveNext()
    {
        if (_slot + 1 >= _batch.Count)
        {
            if (_batches.Next() is not { } next)
            {
                _position = -1;
                return false;
            }

            (_batch, _slot) = (next, -1);
        }

        _slot++;
        _position++;
        return true;
    }

    public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
    {
        if (!_active[column.Index])
            throw new InvalidOperationException($"Column '{column.Name}' was not asked for when the cursor was made.");
        int inputs = _input.Schema.Count;
        if (column.Index < inputs) return _batch.Rows.Getter<TValue>(column, () => (_batch.Rows, _slot));
        return OutputGetter(_outputs[column.Index - inputs]) as ValueGetter<TValue>
            ?? throw new InvalidOperationException(
                $"Column '{column.Name}' is {column.Type}; its values cannot be read as {typeof(TValue)}.");
    }

    public override ValueGetter<DataViewRowId> GetIdGetter() => (ref DataViewRowId id) => id = _batch.Rows.Id(_slot);

    protected override void Dispose(bool disposing)
    {
        if (disposing && !_isDisposed)
        {
            _isDisposed = true;
            _batches.Dispose();
            _input.Dispose();
        }

        base.Dispose(disposing);
    }

    private Delegate OutputGetter(ScoredColumn output)
    {
        if (output is { Kind: Scored.ActivationMap, Class: { } c })
            return (ValueGetter<VBuffer<float>>)((ref VBuffer<float> value) => CopyMap(c, ref value));
        int head = output.Head;
        return output.Kind switch
        {
            Scored.Score => (ValueGetter<VBuffer<float>>)((ref VBuffer<float> value) => CopyScore(head, ref value)),
            Scored.PredictedLabel => (ValueGetter<uint>)((ref uint value) => value = PredictedLabel(head)),
            Scored.ActivationMap =>
                (ValueGetter<VBuffer<float>>)((ref VBuffer<float> value) => CopyMap((int)PredictedLabel(head) - 1, ref value)),
            Scored.Margin => (ValueGetter<float>)((ref float value) => value = Margin(head)),
            _ => throw new UnreachableException($"No output {output.Kind}."),
        };
    }

    private void CopyScore(int head, ref VBuffer<float> value)
    {
        VBufferEditor<float> editor = VBufferEditor.Create(ref value, _session.Classes);
        _batch.Scores(head, _slot).CopyTo(editor.Values);
        value = editor.Commit();
    }

    /// <summary>A map after its ReLU; all zero where there is no class to show (−1).</summary>
    private void CopyMap(int c, ref VBuffer<float> value)
    {
        VBufferEditor<float> editor = VBufferEditor.Create(ref value, _session.MapSize);
        if (c < 0) editor.Values.Clear();
        else TensorPrimitives.Max(_batch.Map(_slot, c), 0f, editor.Values);
        value = editor.Commit();
    }

    /// <summary>The first class of the highest probability, as a key (from 1); missing (0) where no probability is a number.</summary>
    private uint PredictedLabel(int head)
    {
        ReadOnlySpan<float> row = _batch.Scores(head, _slot);
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

    private float Margin(int head) => ConfidenceMargin.Of(_batch.Scores(head, _slot));
}
