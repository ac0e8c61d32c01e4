using Microsoft.ML.OnnxRuntime;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Scores batches of rows.</summary>
/// <threadsafety>Thread-safe. <see cref="Dispose"/> lets calls that run finish; later ones throw.</threadsafety>
internal sealed class ScoringSession : IDisposable
{
    // Rows in a batch: enough to fill the matrix kernels, few enough that a batch of large images stays within some 16 MB.
    private const int MaxBatchRows = 256;
    private const int MaxBatchNumbers = 1 << 22;

    private readonly ScoringGraph _graph;
    private readonly GraphSession _session; // without the class activation maps
    private readonly SessionOnDemand _withMaps;
    private readonly SharedLifetime _lifetime;
    private readonly int _batchRows;
    private int[]? _mapShape; // (N, C, h, w), once someone has asked
    private readonly string[] _scores; // by classifier: the network's, then each readout's

    /// <param name="graph">The graph.</param>
    /// <param name="device">Where it is computed.</param>
    public ScoringSession(ScoringGraph graph, ScoringDevice device)
    {
        (_graph, Device) = (graph, device);
        _scores = [.. graph.Heads.Select(head => head.Score)];
        _session = new GraphSession(graph, graph.WithoutMaps(), device);
        _withMaps = new SessionOnDemand(() => new GraphSession(graph, graph.Bytes, device));
        _lifetime = new SharedLifetime(_session, _withMaps);
        _batchRows = Math.Clamp(MaxBatchNumbers / graph.Shape.Size, 1, MaxBatchRows);
    }

    /// <summary>Where the graph is computed.</summary>
    public ScoringDevice Device { get; }

    /// <summary>Numbers in one row of features.</summary>
    public int RowSize => _graph.Shape.Size;

    /// <summary>The number of classes.</summary>
    public int Classes => _graph.Classes;

    /// <summary>How many classifiers there are: the network and its readouts.</summary>
    public int Heads => _scores.Length;

    /// <summary>How many rows are best scored together. It becomes less where memory has not sufficed for so many.</summary>
    public int BatchRows => _graph.Tokens is null ? Math.Min(_batchRows, Math.Min(_session.PartRows, _withMaps.PartRows)) : _batchRows;

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
    /// <param name="stop">Ends the work after the rows that are computed at once; of texts these are a part of a batch.</param>
    /// <exception cref="ObjectDisposedException">The transformer was disposed.</exception>
    public void Score(
        Memory<float> rows, int count, IReadOnlyList<float[]?> scores, float[]? maps = null, CancellationToken stop = default)
    {
        int[] asked = [.. Enumerable.Range(0, scores.Count).Where(head => scores[head] is not null)];
        List<Output> outputs = [.. asked.Select(head => new Output(_scores[head], scores[head]))];
        if (maps is not null) outputs.Add(new Output(_graph.ActivationMaps!, maps));
        Run(rows, count, outputs, withMaps: maps is not null, stop);
    }

    /// <summary>Computes the network's logits.</summary>
    /// <param name="rows">Features, (count, …) in row-major order; may be longer.</param>
    /// <param name="count">Rows.</param>
    /// <param name="logits">Receives the logits, (count, C); may be longer.</param>
    public void Logits(Memory<float> rows, int count, Memory<float> logits) => Run(rows, count, [new Output(_graph.Logits, logits)]);

    public void Dispose() => _lifetime.Dispose();

    private int MapSide(int dimension)
    {
        if (_graph.ActivationMaps is not { } maps) return 0;
        if (_mapShape is not null) return _mapShape[dimension];
        using SharedLifetime.Use use = _lifetime.Enter();
        return (_mapShape = _withMaps.Value.DimensionsOf(maps))[dimension];
    }

    private void Run(
        Memory<float> rows, int count, IReadOnlyList<Output> outputs, bool withMaps = false, CancellationToken stop = default)
    {
        using SharedLifetime.Use use = _lifetime.Enter();
        GraphSession session = withMaps ? _withMaps.Value : _session;
        string[] names = [.. outputs.Select(output => output.Name)];
        for (int start = 0, part; start < count; start += part)
        {
            stop.ThrowIfCancellationRequested();
            int first = start;
            part = Math.Min(BatchRows, count - start);
            session.Run(rows[(start * RowSize)..], part, names, (places, values) =>
            {
                stop.ThrowIfCancellationRequested(); // other texts may be left
                foreach ((Output output, OrtValue value) in outputs.Zip(values))
                {
                    ReadOnlySpan<float> computed = value.GetTensorDataAsSpan<float>();
                    int size = computed.Length / places.Length;
                    Span<float> result = output.Result.Span[(first * size)..];
                    if (_graph.Tokens is null) computed.CopyTo(result[(places[0] * size)..]); // only texts are in another order
                    else for (int i = 0; i < places.Length; i++) computed.Slice(i * size, size).CopyTo(result[(places[i] * size)..]);
                }
            });
        }
    }

    /// <summary>A session that is opened when it is first asked for; where that fails, the next one who asks tries again.</summary>
    private sealed class SessionOnDemand(Func<GraphSession> open) : IDisposable
    {
        private readonly Lock _lock = new();
        private volatile GraphSession? _session;

        /// <summary>The session.</summary>
        public GraphSession Value
        {
            get
            {
                lock (_lock) return _session ??= open();
            }
        }

        /// <summary>How many rows it computes at once, where it is open.</summary>
        public int PartRows => _session?.PartRows ?? int.MaxValue;

        public void Dispose() => _session?.Dispose();
    }

    /// <summary>An output of the graph, and what receives it, (count, …).</summary>
    private readonly record struct Output(string Name, Memory<float> Result);
}
