using Microsoft.ML.OnnxRuntime;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Scores batches of rows on the CPU through one ONNX Runtime session.</summary>
/// <threadsafety>Thread-safe. <see cref="Dispose"/> lets calls that run finish; later ones throw.</threadsafety>
internal sealed class ScoringSession : IDisposable
{
    // Rows in a batch: enough to fill the matrix kernels, few enough that a batch of large images stays within some 16 MB.
    private const int MaxBatchRows = 256;
    private const int MaxBatchNumbers = 1 << 22;

    // A batch of texts costs what its longest text costs, so texts are computed in parts of like length. So many rows fill the kernels.
    private const int TextRows = 16;

    private const int SmallGraphBytes = 1 << 18;

    private readonly ScoringGraph _graph;
    private readonly InferenceSession _session; // without the class activation maps
    private readonly SessionOnDemand _withMaps;
    private readonly RunOptions _runOptions = new();
    private readonly SharedArena _arena = new();
    private readonly SharedLifetime _lifetime;
    private readonly string[] _inputs;
    private int[]? _mapShape; // (N, C, h, w), once someone has asked
    private readonly string[] _scores; // by classifier: the network's, then each readout's
    static ScoringSession() => OnnxTelemetry.SwitchOff(); // before any object of ONNX Runtime is made, those of the fields included

    public ScoringSession(ScoringGraph graph)
    {
        _graph = graph;
        _inputs = [graph.Tokens ?? graph.Input];
        _scores = [.. graph.Heads.Select(head => head.Score)];
        _session = Open(graph.WithoutMaps());
        _withMaps = new SessionOnDemand(() => Open(graph.Bytes));
        _lifetime = new SharedLifetime(_session, _withMaps, _runOptions, _arena);
        BatchRows = Math.Clamp(MaxBatchNumbers / graph.Shape.Size, 1, MaxBatchRows);
    }

    /// <summary>Numbers in one row of features.</summary>
    public int RowSize => _graph.Shape.Size;

    /// <summary>The number of classes.</summary>
    public int Classes => _graph.Classes;

    /// <summary>How many classifiers there are: the network and its readouts.</summary>
    public int Heads => _scores.Length;

    /// <summary>How many rows are best scored together. It becomes less where memory has not sufficed for so many.</summary>
    public int BatchRows { get; private set; }

    /// <summary>Height of a class activation map; 0 where the network has none.</summary>
    public int MapHeight => MapSide(2);

    /// <summary>Width of a class activation map; 0 where the network has none.</summary>
    public int MapWidth => MapSide(3);

    /// <summary>Numbers in a class activation map.</summary>
    public int MapSize => MapHeight * MapWidth;

    /// <summary>Computes class probabilities of those classifiers that are asked for.</summary>
    /// <param name="rows">Features, (count, …) in row-major order; may be longer.</param>
    /// <param name="count">Rows.</param>
    /// <param name="scores">By classifier, receives the probabilities, (count, C), and may be longer; <see langword="null"/> where they are
    /// not asked for.</param>
    /// <param name="maps">Receives the class activation maps before their ReLU, (count, C, <see cref="MapHeight"/>,
    /// <see cref="MapWidth"/>), and may be longer; <see langword="null"/> where they are not asked for.</param>
    /// <exception cref="ObjectDisposedException">The transformer was disposed.</exception>
    public void Score(Memory<float> rows, int count, IReadOnlyList<float[]?> scores, float[]? maps = null)
    {
        int[] asked = [.. Enumerable.Range(0, scores.Count).Where(head => scores[head] is not null)];
        List<Output> outputs = [.. asked.Select(head => new Output(_scores[head], scores[head], [Classes]))];
        if (maps is not null) outputs.Add(new Output(_graph.ActivationMaps!, maps, [Classes, MapHeight, MapWidth]));
        Run(rows, count, outputs, withMaps: maps is not null);
    }

    /// <summary>Computes the network's logits.</summary>
    /// <param name="rows">Features, (count, …) in row-major order; may be longer.</param>
    /// <param name="count">Rows.</param>
    /// <param name="logits">Receives the logits, (count, C); may be longer.</param>
    public void Logits(Memory<float> rows, int count, Memory<float> logits) =>
        Run(rows, count, [new Output(_graph.Logits, logits, [Classes])]);

    public void Dispose() => _lifetime.Dispose();

    private InferenceSession Open(byte[] graph)
    {
        using var options = new SessionOptions();
        SharedArena.Serve(options);
        // Waiting threads sleep: spinning would burn the cores of whoever feeds the batches.
        options.AddSessionConfigEntry("session.intra_op.allow_spinning", "0");
        // A batch through a small network without convolutions takes well under a millisecond: handing parts of it to other threads
        // costs more than it gives.
        if (!_graph.Shape.IsConvolved && graph.Length < SmallGraphBytes) options.IntraOpNumThreads = 1;
        // A batch of texts is tokenised before, by threads that read ahead; that gives the same tokens.
        return new InferenceSession(_graph.Tokens is { } tokens ? OnnxGraph.StartAt(graph, tokens) : graph, options);
    }

    private int MapSide(int dimension)
    {
        if (_graph.ActivationMaps is not { } maps) return 0;
        if (_mapShape is not null) return _mapShape[dimension];
        using SharedLifetime.Use use = _lifetime.Enter();
        return (_mapShape = _withMaps.Value.OutputMetadata[maps].Dimensions)[dimension];
    }

    private void Run(Memory<float> rows, int count, IReadOnlyList<Output> outputs, bool withMaps = false)
    {
        using SharedLifetime.Use use = _lifetime.Enter();
        if (count == 0) return;
        try
        {
            if (_graph.Tokens is null) RunAtOnce(rows, count, outputs, withMaps);
            else RunByLength(rows.Span, count, outputs, withMaps);
        }
        catch (Exception fault) when (count > 1 && AllocationFailure.Of(fault) is not null)
        {
            int half = count / 2;
            BatchRows = Math.Min(BatchRows, half); // what has failed once is not tried again
            Run(rows, half, outputs, withMaps);
            Run(rows[(half * RowSize)..], count - half, [.. outputs.Select(output => output.From(half))], withMaps);
        }
    }

    private void RunAtOnce(Memory<float> rows, int count, IReadOnlyList<Output> outputs, bool withMaps)
    {
        using OrtValue input = OrtValue.CreateTensorValueFromMemory(
            OrtMemoryInfo.DefaultInstance, rows[..(count * RowSize)], [count, .. _graph.Shape.Dimensions]);
        Run(input, count, outputs, withMaps);
    }

    private void RunByLength(ReadOnlySpan<float> rows, int count, IReadOnlyList<Output> outputs, bool withMaps)
    {
        var lengths = new int[count];
        for (int i = 0; i < count; i++) lengths[i] = Math.Max(1, rows.Slice(i * RowSize, RowSize).LastIndexOfAnyExcept(0f) + 1);
        foreach (int[] part in Enumerable.Range(0, count).OrderBy(i => lengths[i]).Chunk(TextRows))
        {
            int longest = lengths[part[^1]];
            var tokens = new int[part.Length * longest];
            for (int i = 0; i < part.Length; i++)
                for (int j = 0; j < longest; j++) tokens[i * longest + j] = (int)rows[part[i] * RowSize + j];
            using OrtValue input = OrtValue.CreateTensorValueFromMemory(tokens, [part.Length, longest]);
            Output[] computed = [.. outputs.Select(output => output with { Result = new float[part.Length * output.RowSize] })];
            Run(input, part.Length, computed, withMaps);
            foreach ((Output from, Output to) in computed.Zip(outputs))
                for (int i = 0; i < part.Length; i++) from.From(i).Result[..to.RowSize].CopyTo(to.From(part[i]).Result);
        }
    }

    private void Run(OrtValue input, int count, IReadOnlyList<Output> outputs, bool withMaps)
    {
        OrtMemoryInfo memory = OrtMemoryInfo.DefaultInstance;
        OrtValue[] values = [.. outputs.Select(output =>
            OrtValue.CreateTensorValueFromMemory(memory, output.Result[..(count * output.RowSize)], [count, .. output.RowShape]))];
        try
        {
            (withMaps ? _withMaps.Value : _session).Run(_runOptions, _inputs, [input], [.. outputs.Select(output => output.Name)], values);
        }
        finally
        {
            foreach (OrtValue value in values) value.Dispose();
        }
    }

    /// <summary>A session that is opened when it is first asked for; where that fails, the next one who asks tries again.</summary>
    private sealed class SessionOnDemand(Func<InferenceSession> open) : IDisposable
    {
        private readonly Lock _lock = new();
        private InferenceSession? _session;

        public InferenceSession Value
        {
            get
            {
                lock (_lock) return _session ??= open();
            }
        }

        public void Dispose() => _session?.Dispose();
    }

    private readonly record struct Output(string Name, Memory<float> Result, long[] RowShape)
    {
        public int RowSize => (int)RowShape.Aggregate(1L, (product, side) => product * side);

        /// <summary>The same for the rows from one on.</summary>
        public Output From(int row) => this with { Result = Result[(row * RowSize)..] };
    }
}
