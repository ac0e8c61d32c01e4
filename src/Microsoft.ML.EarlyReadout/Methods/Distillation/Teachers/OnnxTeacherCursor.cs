using System.Runtime.ExceptionServices;
using Microsoft.ML.Data;
using Microsoft.ML.OnnxRuntime;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Reads rows ahead, asks the teacher about them together, and hands them out one by one.</summary>
internal sealed class OnnxTeacherCursor : DataViewRowCursor
{
    private const long MaxKeptBytes = 1 << 25; // a batch ends early where the rows carry large images along

    private readonly DataViewRowCursor _input;
    private readonly bool[] _active;
    private readonly OnnxTeacher _teacher;
    private readonly RowBuffer _rows;
    private readonly Func<OrtValue>[] _readers; // of the row at _slot
    private readonly List<(OnnxAnswer? Answer, Exception? Fault)> _answers = [];
    private readonly int _rowColumns;
    private readonly int _batchRows;
    private int _slot = -1;
    private int _count;
    private long _position = -1;

    /// <param name="schema">The input's columns that are the rows' own, then the scores, then the features where there are some.</param>
    /// <param name="rowColumns">How many are the rows' own.</param>
    /// <param name="input">The rows, and what was converted for the teacher.</param>
    /// <param name="active">By column of the schema.</param>
    /// <param name="teacher">The teacher.</param>
    /// <param name="sources">By the teacher's inputs, the input's column.</param>
    public OnnxTeacherCursor(
        DataViewSchema schema, int rowColumns, DataViewRowCursor input, bool[] active, OnnxTeacher teacher,
        IReadOnlyList<DataViewSchema.Column> sources)
    {
        (Schema, _rowColumns, _input, _active, _teacher) = (schema, rowColumns, input, active, teacher);
        _batchRows = teacher.BatchRows;
        _rows = new RowBuffer(input, _batchRows);
        var row = new KeptRow(input.Schema, () => (_rows, _slot));
        _readers = [.. teacher.Inputs.Zip(sources, (read, source) => read.Reader(row, source))];
    }

    public override DataViewSchema Schema { get; }

    public override long Position => _position;

    public override long Batch => 0;

    public override bool IsColumnActive(DataViewSchema.Column column) => _active[column.Index];

    public override bool MoveNext()
    {
        if (_slot + 1 >= _count) ReadBatch();
        if (_slot + 1 >= _count)
        {
            _position = -1;
            return false;
        }

        _slot++;
        _position++;
        return true;
    }

    public override ValueGetter<DataViewRowId> GetIdGetter() => (ref DataViewRowId id) => id = _rows.Id(_slot);

    public override ValueGetter<TValue> GetGetter<TValue>(DataViewSchema.Column column)
    {
        if (!_active[column.Index])
            throw new InvalidOperationException($"Column '{column.Name}' was not asked for when the cursor was made.");
        if (column.Index < _rowColumns) return _rows.Getter<TValue>(_input.Schema[column.Index], () => (_rows, _slot));
        bool areScores = column.Index == _rowColumns;
        ValueGetter<VBuffer<float>> copy = (ref VBuffer<float> value) => Copy(areScores ? Answer().Scores : Answer().Features, ref value);
        return copy as ValueGetter<TValue>
            ?? throw new InvalidOperationException($"Column '{column.Name}' holds {column.Type}, not {typeof(TValue)}.");
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing) _input.Dispose();
        base.Dispose(disposing);
    }

    private OnnxAnswer Answer()
    {
        (OnnxAnswer? answer, Exception? fault) = _answers[_slot];
        if (fault is not null) ExceptionDispatchInfo.Throw(fault);
        return answer!;
    }

    private static void Copy(float[] numbers, ref VBuffer<float> value)
    {
        VBufferEditor<float> editor = VBufferEditor.Create(ref value, numbers.Length);
        numbers.CopyTo(editor.Values);
        value = editor.Commit();
    }

    private void ReadBatch()
    {
        (_slot, _count) = (-1, 0);
        long kept = 0;
        while (_count < _batchRows && kept < MaxKeptBytes && _input.MoveNext()) kept += _rows.Fill(_count++);
        Ask();
        _slot = -1;
    }

    private void Ask()
    {
        _answers.Clear();
        List<OnnxValues> tensors = [];
        try
        {
            for (_slot = 0; _slot < _count; _slot++)
            {
                try
                {
                    tensors.Add(new OnnxValues([.. _readers.Select(read => read())]));
                    _answers.Add(default);
                }
                catch (Exception fault)
                {
                    _answers.Add((null, fault));
                }
            }

            if (tensors.Count == _count)
            {
                if (_count == 0) return;
                _answers.Clear();
                _answers.AddRange(_teacher.Ask(tensors, _position + 1));
                return;
            }

            // Rows that cannot be read are thrown where they are asked for; about the others it is asked one by one.
            int next = 0;
            for (int row = 0; row < _count; row++)
            {
                if (_answers[row].Fault is null) _answers[row] = _teacher.Ask([tensors[next++]], _position + 1 + row)[0];
            }
        }
        finally
        {
            tensors.ForEach(values => values.Dispose());
        }
    }
}
