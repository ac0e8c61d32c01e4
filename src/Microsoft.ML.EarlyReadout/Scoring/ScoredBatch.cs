using System.Buffers;
using System.Diagnostics;
using System.Runtime.ExceptionServices;
using Microsoft.ML.Data;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Some rows of a cursor: what their reader will ask for, their features, and what the model says of them.</summary>
/// <remarks>Its arrays come from the process's pool: arrays of this size, new with every cursor, keep the garbage collector busy.</remarks>
internal sealed class ScoredBatch : IDisposable
{
    // A batch ends early where the rows carry large images along.
    private const long MaxKeptBytes = 1 << 25;

    // To hand a batch to another thread costs as much as to score a hundred rows of a small network. So small rows that come fast are
    // handed over many at a time; rows that come slowly are not waited for.
    private const int MaxParts = 16;
    private const int MaxPartNumbers = 1 << 18; // with more, one part to a batch: it takes long enough
    private static readonly TimeSpan LongEnough = TimeSpan.FromMilliseconds(1);

    private readonly DataViewRowCursor _input;
    private readonly ScoringSession _session;
    private readonly IReadOnlyList<DataViewSchema.Column> _read; // those of an example
    private readonly ColumnBuffer[] _readOnly; // the same where nobody asked for them: one slot each, read into the batch at once
    private readonly BufferedFeatureReader _reader;
    private readonly int _parts; // at most
    private readonly List<float[]> _rented = [];
    private readonly float[] _features;
    private readonly float[]?[] _scores; // by classifier, (rows, classes); null where none of its columns is active
    private float[]? _maps; // (rows, classes, h, w); null where no map is active

    /// <summary>A batch that holds no row yet.</summary>
    /// <param name="input">The rows.</param>
    /// <param name="active">By column of the input, whether it is asked for; then by output.</param>
    /// <param name="outputs">The outputs.</param>
    /// <param name="read">The columns that make up an example.</param>
    /// <param name="columns">The model's columns.</param>
    /// <param name="session">The model.</param>
    /// <param name="isFirst">Whether it is of the first rows: no more of them are read than are scored together.</param>
    public ScoredBatch(
        DataViewRowCursor input, bool[] active, IReadOnlyList<ScoredColumn> outputs, IReadOnlyList<DataViewSchema.Column> read,
        ScoringColumns columns, ScoringSession session, bool isFirst)
    {
        (_input, _session, _read) = (input, session, read);
        _parts = isFirst ? 1 : Math.Clamp(MaxPartNumbers / (session.BatchRows * session.RowSize), 1, MaxParts);
        Capacity = session.BatchRows * _parts;
        _features = Rent(Capacity * session.RowSize);
        _scores = new float[]?[session.Heads];
        foreach ((int i, ScoredColumn output) in outputs.Index())
        {
            if (!active[input.Schema.Count + i]) continue;
            if (output.Class is null) _scores[output.Head] ??= Rent(Capacity * session.Classes);
            if (output.Kind == Scored.ActivationMap) _maps ??= Rent(Capacity * session.Classes * session.MapSize);
        }

        Rows = new RowBuffer(input, Capacity, column => active[column.Index]);
        bool areKept = read.All(column => active[column.Index]);
        _readOnly = areKept ? [] : [.. read.Select(column => ColumnBuffer.Create(input, column, 1))];
        _reader = BufferedFeatureReader.Create(areKept ? [.. read.Select(Rows.Column)] : _readOnly, columns, input);
    }

    /// <summary>The most rows that it holds.</summary>
    public int Capacity { get; }

    /// <summary>Rows in it.</summary>
    public int Count { get; private set; }

    /// <summary>Whether no rows come after these.</summary>
    public bool IsLast { get; private set; }

    /// <summary>What failed on the row after these; the rows before it are given first.</summary>
    public ExceptionDispatchInfo? Fault { get; private set; }

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
        (Count, IsLast) = (0, false);
        long start = Stopwatch.GetTimestamp(), kept = 0;
        for (int part = 0; part < _parts && !IsLast && kept < MaxKeptBytes; part++)
        {
            if (part > 0 && Stopwatch.GetElapsedTime(start) > LongEnough) return;
            try
            {
                ReadPart(Math.Min(Count + _session.BatchRows, Capacity), ref kept, stop);
            }
            catch (Exception fault) when (part > 0)
            {
                Fault = ExceptionDispatchInfo.Capture(fault);
                return;
            }
        }
    }

    /// <summary>Scores the rows.</summary>
    /// <param name="stop">Ends the work after the rows that the session computes at once.</param>
    public void Score(CancellationToken stop) => _session.Score(_features, Count, _scores, _maps, stop);

    /// <summary>Gives its arrays back; the batch is of no more use.</summary>
    public void Dispose()
    {
        foreach (float[] array in _rented) ArrayPool<float>.Shared.Return(array);
        _rented.Clear();
        Array.Clear(_scores); // a getter that is called too late throws
        _maps = null;
        (Count, IsLast) = (0, true);
    }

    private float[] Rent(int numbers)
    {
        _rented.Add(ArrayPool<float>.Shared.Rent(numbers));
        return _rented[^1];
    }

    private void ReadPart(int end, ref long kept, CancellationToken stop)
    {
        int rowSize = _session.RowSize;
        while (Count < end && kept < MaxKeptBytes)
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
}
