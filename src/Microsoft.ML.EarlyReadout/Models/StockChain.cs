using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;
using Microsoft.ML.Transforms.Onnx;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// The same scoring out of stock transformers alone: what a saved model holds, and what scores single rows. ML.NET keeps its model bases
/// closed, and this is how a model of ours loads in an application that has never heard of us.
/// </summary>
/// <remarks>
/// <c>[ExtractPixels] → OnnxTransformer → [for each readout: linear head, margin] → linear head → [CopyColumns] → DropColumns</c>
/// </remarks>
internal sealed class StockChain : IDisposable
{
    private const string BackupPrefix = ColumnNameRules.Reserved + "Kept.";
    private const string Made = ColumnNameRules.Reserved + "Made.";

    private readonly ScoringColumns _columns;
    private readonly StockHead _head;
    private readonly StockMargin? _margin;
    private readonly ScoringGraph _graph;
    private readonly MLContext _ml = new(seed: 0);
    private readonly TemporaryFolder _folder;
    private readonly ScoringDevice _device;
    private readonly ITransformer _onnx;
    private readonly SharedLifetime _lifetime;

    /// <param name="graph">The graph.</param>
    /// <param name="head">The head that it feeds.</param>
    /// <param name="margin">The scalar that its margins feed; <see langword="null"/> where there are no readouts.</param>
    /// <param name="columns">Names of the columns.</param>
    /// <param name="temporaryFolder">The temporary folder, in which the chain makes one of its own.</param>
    /// <param name="device">Where the graph is computed. A saved chain does not hold it: the context that loads it says where.</param>
    /// <param name="isSaved">Whether the chain will be saved: then its temporary folder stays until <see cref="Dispose"/>.</param>
    /// <exception cref="IOException">The temporary folder does not serve; the message names it and says what to set.</exception>
    public StockChain(
        ScoringGraph graph, StockHead head, StockMargin? margin, ScoringColumns columns, string temporaryFolder, ScoringDevice device,
        bool isSaved = false)
    {
        _columns = columns;
        _head = head;
        _margin = margin;
        _graph = graph;
        _device = device;
        // The OnnxTransformer reads its graph from a file. In a folder of our own the file cannot be left behind; and it has a name of our
        // own, because one in 32,768 of the random names that ML.NET gives ends in .ort, which ONNX Runtime takes for another format.
        bool ready = false;
        _folder = new TemporaryFolder(temporaryFolder);
        try
        {
            _onnx = Over("graph.onnx", graph.WithoutMaps());
            _lifetime = new SharedLifetime((IDisposable)_onnx);
            ready = true;
        }
        finally
        {
            if (!ready || !isSaved) _folder.Dispose();
        }
    }

    /// <summary>Scores single rows of a schema, on any thread; once this chain is disposed they can no longer be read.</summary>
    /// <exception cref="ObjectDisposedException">The chain was disposed.</exception>
    public IRowToRowMapper RowMapperFor(DataViewSchema schema)
    {
        using SharedLifetime.Use use = _lifetime.Enter();
        return new SharedRowMapper(((ITransformer)For(schema)).GetRowToRowMapper(schema), _lifetime);
    }

    /// <summary>Saves the chain that scores rows of a schema. Nothing else can be done with it afterwards.</summary>
    /// <param name="ctx">Where to.</param>
    /// <param name="schema">The schema.</param>
    /// <param name="graph">Gives the graph to be saved, which says how many transformers stand around it.</param>
    /// <exception cref="IOException">The temporary folder does not serve; the message names it and says what to set.</exception>
    public void Save(ModelSaveContext ctx, DataViewSchema schema, Func<StockPlace, byte[]> graph)
    {
        ITransformer[] parts = [.. For(schema)];
        int before = Array.IndexOf(parts, _onnx);
        // Its neighbours are made, so its session may end: that of the graph which is saved is as large.
        _lifetime.Dispose();
        // A file of its own, for saving reads it again by its name, and Windows lets nobody write a file that is open.
        ITransformer saved = Over("saved.onnx", graph(new StockPlace(before, parts.Length - before - 1)));
        using var session = (IDisposable)saved;
        parts[before] = saved;
        ((ICanSaveModel)new TransformerChain<ITransformer>(parts)).Save(ctx);
    }

    /// <summary>The stock transformer of a graph, which is written to a file of the temporary folder.</summary>
    private ITransformer Over(string file, byte[] graph)
    {
        string path = Path.Combine(_folder.Path, file);
        string[] outputs = [.. _graph.Heads.SelectMany(OutputsOf)];
        try
        {
            File.WriteAllBytes(path, graph);
            return _ml.Transforms.ApplyOnnxModel(new OnnxOptions
            {
                OutputColumns = outputs,
                InputColumns = _graph.Inputs,
                ModelFile = path,
                GpuDeviceId = _device.Gpu,
                FallbackToCpu = _device.FallsBackToCpu,
                IntraOpNumThreads = GraphSession.ThreadsFor(_graph.Shape, graph.Length),
            }).Fit(new EmptyView(GraphInputSchema(_graph)));
        }
        catch (Exception error) when (TemporaryFolder.IsFault(error))
        {
            throw _folder.Failure("The model's graph in", error);
        }
    }

    /// <summary>The chain that scores rows of a schema.</summary>
    private TransformerChain<ITransformer> For(DataViewSchema schema)
    {
        var steps = new List<ITransformer>();
        IDataView view = new EmptyView(schema);
        var helpers = new List<string> { StockHead.InputColumn };

        // The head writes columns of fixed names. Where the schema has a column of such a name, which only features may have, it is set
        // aside and put back.
        string[] own = [.. TransientColumns.Freed(_columns.Outputs).Where(name => schema.GetColumnOrNull(name) is not null)];
        foreach (string name in own) Add(_ml.Transforms.CopyColumns(BackupPrefix + name, name));
        foreach ((IEstimator<ITransformer> step, string made) in _columns.StockSteps(_ml))
        {
            Add(step);
            helpers.Add(made);
        }

        Add(_onnx);
        foreach ((GraphHead outputs, ReadoutColumns names) in _graph.Readouts.Zip(_columns.Readouts)) AddReadout(outputs, names);
        Add(_head.Transformer);
        if ((_columns.Score, _columns.PredictedLabel) != (DefaultColumns.Score, DefaultColumns.PredictedLabel)) NameOutputs();
        Add(_ml.Transforms.DropColumns([.. helpers]));
        if (own.Length > 0)
        {
            foreach (string name in own) Add(_ml.Transforms.CopyColumns(name, BackupPrefix + name));
            Add(_ml.Transforms.DropColumns([.. own.Select(name => BackupPrefix + name)]));
        }

        return new TransformerChain<ITransformer>([.. steps]);

        // By way of other names: the output names may be the head's own, the other way round.
        void NameOutputs()
        {
            (string Made, string Name)[] outputs =
                [(DefaultColumns.PredictedLabel, _columns.PredictedLabel), (DefaultColumns.Score, _columns.Score)];
            DataViewSchema made = view.Schema;
            outputs = [.. outputs.OrderBy(output => made[output.Made].Index)];
            foreach ((string name, _) in outputs) Add(_ml.Transforms.CopyColumns(Made + name, name));
            Add(_ml.Transforms.DropColumns(DefaultColumns.PredictedLabel, DefaultColumns.Score));
            foreach ((string from, string name) in outputs) Add(_ml.Transforms.CopyColumns(name, Made + from));
            helpers.AddRange(outputs.Select(output => Made + output.Made));
        }

        // The stock parts read one column each and write columns of fixed names, so they run in turns; the network's own turn comes last.
        void AddReadout(GraphHead outputs, ReadoutColumns names)
        {
            string network = BackupPrefix + StockHead.InputColumn;
            Add(_ml.Transforms.CopyColumns(network, StockHead.InputColumn));
            Add(_ml.Transforms.CopyColumns(StockHead.InputColumn, outputs.HeadInput));
            Add(_head.Transformer);
            InputOutputColumnPair[] renamed =
            [
                new(names.Score, DefaultColumns.Score),
                new(names.PredictedLabel, DefaultColumns.PredictedLabel),
            ];
            DataViewSchema made = view.Schema;
            foreach (InputOutputColumnPair pair in renamed.OrderBy(pair => made[pair.InputColumnName].Index))
                Add(_ml.Transforms.CopyColumns(pair.OutputColumnName, pair.InputColumnName));
            Add(_ml.Transforms.DropColumns(DefaultColumns.Score, DefaultColumns.PredictedLabel));
            Add(_ml.Transforms.CopyColumns(StockMargin.InputColumn, outputs.MarginInput!));
            Add(_margin!.Transformer);
            Add(_ml.Transforms.CopyColumns(names.Margin, DefaultColumns.Score));
            Add(_ml.Transforms.CopyColumns(StockHead.InputColumn, network));
            Add(_ml.Transforms.DropColumns(
                DefaultColumns.Score, network, outputs.HeadInput, outputs.MarginInput!, StockMargin.InputColumn));
        }

        void Add(object step)
        {
            ITransformer transformer = step as ITransformer ?? ((IEstimator<ITransformer>)step).Fit(view);
            view = transformer.Transform(view);
            steps.Add(transformer);
        }
    }

    public void Dispose()
    {
        _lifetime.Dispose();
        _folder.Dispose();
    }

    private static IEnumerable<string> OutputsOf(GraphHead head) =>
        head.MarginInput is { } margin ? [head.HeadInput, margin] : [head.HeadInput];

    private static DataViewSchema GraphInputSchema(ScoringGraph graph)
    {
        var builder = new DataViewSchema.Builder();
        DataViewType type = graph.Tokens is null
            ? new VectorDataViewType(graph.Shape.GraphType, graph.Shape.Size)
            : TextDataViewType.Instance;
        foreach (string input in graph.Inputs) builder.AddColumn(input, type);
        return builder.ToSchema();
    }
}
