using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// The same scoring out of stock transformers alone: what a saved model holds, and what scores single rows. ML.NET keeps its model bases closed, and this is how a
/// model of ours loads in an application that has never heard of us.
/// </summary>
/// <remarks><c>[ExtractPixels] → OnnxTransformer → linear head → [CopyColumns] → DropColumns</c></remarks>
internal sealed class StockChain : IDisposable
{
    private const string Kept = "EarlyReadout.Kept.";

    private readonly ScoringColumns _columns;
    private readonly StockHead _head;
    private readonly MLContext _ml = new(seed: 0);
    private readonly TemporaryFolder _folder;
    private readonly ITransformer _onnx;

    /// <param name="graph">The graph.</param>
    /// <param name="head">The head that it feeds.</param>
    /// <param name="columns">Names of the columns.</param>
    /// <param name="forSaving">Whether the chain will be saved: then its file stays until <see cref="Dispose"/>, because saving reads it again by its name.</param>
    public StockChain(ScoringGraph graph, StockHead head, ScoringColumns columns, bool forSaving)
    {
        _columns = columns;
        _head = head;
        // The OnnxTransformer keeps its graph in a file of the context's temporary folder; in a folder of our own, that file cannot be left behind.
        bool ready = false;
        _folder = new TemporaryFolder();
        try
        {
            _ml.TempFilePath = _folder.Path;
            using var bytes = new MemoryStream(graph.Bytes, writable: false);
            _onnx = _ml.Transforms.ApplyOnnxModel([StockHead.InputColumn], [graph.Input], bytes).Fit(new EmptyView(GraphInputSchema(graph)));
            ready = true;
        }
        finally
        {
            if (!ready || !forSaving) _folder.TryDelete();
        }
    }

    /// <summary>The chain that scores rows of a schema.</summary>
    public ITransformer For(DataViewSchema schema)
    {
        var steps = new List<ITransformer>();
        IDataView view = new EmptyView(schema);
        var helpers = new List<string> { StockHead.InputColumn };

        string[] hidden = [.. new[] { DefaultColumns.Score, DefaultColumns.PredictedLabel }.Where(name => schema.GetColumnOrNull(name) is not null && IsFreed(name))];
        foreach (string name in hidden) Add(_ml.Transforms.CopyColumns(Kept + name, name));
        if (_columns.ReadsImages) AddPixels();
        Add(_onnx);
        Add(_head.Transformer);
        if (IsFreed(DefaultColumns.PredictedLabel)) Rename(DefaultColumns.PredictedLabel, _columns.PredictedLabel);
        if (IsFreed(DefaultColumns.Score)) Rename(DefaultColumns.Score, _columns.Score);
        Add(_ml.Transforms.DropColumns([.. helpers]));
        if (hidden.Length > 0)
        {
            foreach (string name in hidden) Add(_ml.Transforms.CopyColumns(name, Kept + name));
            Add(_ml.Transforms.DropColumns([.. hidden.Select(name => Kept + name)]));
        }

        return new TransformerChain<ITransformer>([.. steps]);

        // The head's own names are fixed: a name that the user did not choose for an output must not show.
        bool IsFreed(string name) => name != _columns.Score && name != _columns.PredictedLabel;

        void Rename(string from, string to)
        {
            Add(_ml.Transforms.CopyColumns(to, from));
            helpers.Add(from);
        }

        void AddPixels()
        {
            FeatureShape shape = _columns.Shape;
            string images = _columns.Feature;
            if (schema[images].Type is ImageDataViewType { Height: 0 })
            {
                images = _columns.Feature + ".Sized";
                Add(_ml.Transforms.ResizeImages(images, shape.Width, shape.Height, _columns.Feature));
                helpers.Add(images);
            }

            Add(_ml.Transforms.ExtractPixels(_columns.GraphInput, images, interleavePixelColors: shape.Layout == FeatureLayout.ChannelsLast));
            helpers.Add(_columns.GraphInput);
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
        (_onnx as IDisposable)?.Dispose();
        _folder.TryDelete();
    }

    private static DataViewSchema GraphInputSchema(ScoringGraph graph)
    {
        var builder = new DataViewSchema.Builder();
        builder.AddColumn(graph.Input, new VectorDataViewType(NumberDataViewType.Single, graph.Shape.Size));
        return builder.ToSchema();
    }
}
