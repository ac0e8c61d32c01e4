using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;

namespace Microsoft.ML.EarlyReadout;

/// <summary>One session of ONNX Runtime over a graph. It computes rows in parts: as many at once as there is memory for, and of texts those
/// of like length.</summary>
/// <threadsafety>All members but <see cref="Dispose"/> are thread-safe.</threadsafety>
internal sealed class GraphSession : IDisposable
{
    // A part of texts costs what its longest text costs. So many rows fill the kernels.
    private const int TextRows = 16;

    private const int SmallGraphBytes = 1 << 18;

    private readonly SharedArena _arena = new();
    private readonly RunOptions _options = new();
    private readonly InferenceSession _session;
    private readonly string[] _inputs;
    private readonly FeatureShape _shape;
    private readonly bool _readsTokens;
    private int _partRows;

    /// <summary>Opens a session.</summary>
    /// <param name="graph">The graph: its input and the shape of an example.</param>
    /// <param name="bytes">The same, with the outputs that are computed.</param>
    /// <param name="device">Where they are computed.</param>
    public GraphSession(ScoringGraph graph, byte[] bytes, ScoringDevice device)
    {
        (_shape, _readsTokens, _inputs) = (graph.Shape, graph.Tokens is not null, [graph.Tokens ?? graph.Input]);
        _partRows = _readsTokens ? TextRows : int.MaxValue;
        try
        {
            // A batch of texts is tokenised before, by threads that read ahead; that gives the same tokens.
            _session = Open(graph.Tokens is { } tokens ? OnnxGraph.StartAt(bytes, tokens) : bytes, device);
        }
        catch
        {
            _options.Dispose();
            _arena.Dispose();
            throw;
        }
    }

    /// <summary>How many threads a session of a graph should have; <see langword="null"/>: as ONNX Runtime chooses.</summary>
    /// <param name="shape">The shape of an example.</param>
    /// <param name="bytes">The graph's length.</param>
    public static int? ThreadsFor(FeatureShape shape, int bytes) => IsSmall(shape, bytes) ? 1 : ProcessorCores.Count;

    /// <summary>How many rows are computed at once at most. It becomes less where memory has not sufficed for so many.</summary>
    public int PartRows => Volatile.Read(ref _partRows);

    /// <summary>The dimensions of an output as the graph tells them, those of any size as −1.</summary>
    public int[] DimensionsOf(string output) => _session.OutputMetadata[output].Dimensions;

    /// <summary>Computes outputs of rows.</summary>
    /// <param name="rows">Features, (count, …) in row-major order; may be longer.</param>
    /// <param name="count">Rows.</param>
    /// <param name="outputs">The names of the outputs.</param>
    /// <param name="use">Is given what was computed for some of the rows: their places, and by output the values, which last until it
    /// returns. In the end every row was given; where memory did not suffice, some may be given twice.</param>
    public void Run(ReadOnlyMemory<float> rows, int count, IReadOnlyCollection<string> outputs, Action<int[], IReadOnlyList<OrtValue>> use)
    {
        if (count == 0) return;
        IEnumerable<int> places = Enumerable.Range(0, count);
        int[] lengths = _readsTokens ? [.. places.Select(row => LengthOf(rows.Span.Slice(row * _shape.Size, _shape.Size)))] : [];
        if (_readsTokens) places = places.OrderBy(row => lengths[row]);
        var open = new Stack<int[]>([[.. places]]);
        while (open.TryPop(out int[]? part))
        {
            if (part.Length > PartRows)
            {
                foreach (int[] less in part.Chunk(PartRows).Reverse()) open.Push(less);
                continue;
            }

            try
            {
                using OrtValue input = _readsTokens ? Tokens(rows.Span, part, lengths[part[^1]]) : Features(rows, part);
                using IDisposableReadOnlyCollection<OrtValue> values = _session.Run(_options, _inputs, [input], outputs);
                use(part, values);
            }
            catch (Exception fault) when (part.Length > 1 && AllocationFailure.Of(fault) is not null)
            {
                Volatile.Write(ref _partRows, Math.Min(PartRows, part.Length / 2)); // what has failed once is not tried again
                open.Push(part);
            }
        }
    }

    public void Dispose()
    {
        _session.Dispose();
        _options.Dispose();
        _arena.Dispose();
    }

    private InferenceSession Open(byte[] graph, ScoringDevice device) => device.Open(graph, options =>
    {
        SharedArena.Serve(options);
        // Waiting threads sleep: spinning would burn the cores of whoever feeds the batches.
        options.AddSessionConfigEntry("session.intra_op.allow_spinning", "0");
        if (IsSmall(_shape, graph.Length)) options.IntraOpNumThreads = 1; // else a thread for each core, as the device has set
    });

    // A batch through a small network without convolutions takes well under a millisecond: handing parts of it to other threads costs more
    // than it gives.
    private static bool IsSmall(FeatureShape shape, int bytes) => !shape.IsConvolved && bytes < SmallGraphBytes;

    // A row without a token has one that is padding.
    private static int LengthOf(ReadOnlySpan<float> tokens) => Math.Max(1, tokens.LastIndexOfAnyExcept(0f) + 1);

    // Places that follow one another: the rows are read where they are.
    private OrtValue Features(ReadOnlyMemory<float> rows, int[] part) => OrtValue.CreateTensorValueFromMemory(
        OrtMemoryInfo.DefaultInstance, MemoryMarshal.AsMemory(rows.Slice(part[0] * _shape.Size, part.Length * _shape.Size)),
        [part.Length, .. _shape.Dimensions]);

    private OrtValue Tokens(ReadOnlySpan<float> rows, int[] part, int length)
    {
        var tokens = new int[part.Length * length];
        for (int i = 0; i < part.Length; i++)
            for (int j = 0; j < length; j++) tokens[i * length + j] = (int)rows[part[i] * _shape.Size + j];
        return OrtValue.CreateTensorValueFromMemory(tokens, [part.Length, length]);
    }
}
