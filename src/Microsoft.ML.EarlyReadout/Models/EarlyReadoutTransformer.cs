using System.Text;
using Microsoft.ML.Data;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// A trained classifier: adds class probabilities and the predicted class to rows. Every way of scoring runs the same ONNX graph.
/// </summary>
/// <remarks>
/// <para>Output columns:</para>
/// <list type="table">
/// <listheader><term>Column</term><description>Type and meaning</description></listheader>
/// <item><term><see cref="ScoreColumnName"/></term><description><c>Vector&lt;Single, C&gt;</c>: the probability of each class. Where
/// the label's key has values, the annotation <c>TrainingLabelValues</c> has them; those that are texts are the slot names
/// too.</description></item>
/// <item><term><see cref="PredictedLabelColumnName"/></term><description>A key with the training label's own key values: the most probable
/// class.</description></item>
/// <item><term><c>R.Score</c>, <c>R.PredictedLabel</c>, <c>R.Margin</c></term><description>For each of <see cref="ReadoutNames"/>: its
/// probabilities, its most probable class, and the highest probability less the second highest, Single in [0, 1].</description></item>
/// </list>
/// <para><c>mlContext.Model.Save</c> writes a model of stock transformers: an application with Microsoft.ML, Microsoft.ML.OnnxTransformer
/// and Microsoft.ML.OnnxRuntime (for images also Microsoft.ML.ImageAnalytics) loads and scores it, without this library.</para>
/// <para>It scores on the GPU that <see cref="MLContext.GpuDeviceId"/> named when it was fitted or loaded; on the CPU where none was
/// named, or where that GPU cannot be used and <see cref="MLContext.FallbackToCpu"/> is set. A saved model does not hold the GPU.</para>
/// </remarks>
/// <threadsafety>Thread-safe, <see cref="Dispose"/> included: what is being scored is scored to its end, and later use throws <see
/// cref="ObjectDisposedException"/>.
/// Rows that <see cref="Transform"/> has promised are scored when they are read, so dispose the transformer after that. A <see
/// cref="PredictionEngine{TSrc, TDst}"/> disposes the
/// model that it was made from, unless <see cref="PredictionEngineOptions.OwnsTransformer"/> is <see langword="false"/>.</threadsafety>
public sealed partial class EarlyReadoutTransformer : ISingleFeaturePredictionTransformer<object>, IStartModel, IDisposable
{
    private readonly ScoringColumns _columns;
    private readonly StockHead _head;
    private readonly StockMargin? _margin;
    private readonly Func<string> _temporaryFolder;
    private readonly Lock _disposing = new();
    private StockChain? _rowChain; // made when a row mapper is first asked for
    private volatile bool _disposed;

    private EarlyReadoutTransformer(
        ScoringGraph graph, StockHead head, StockMargin? margin, DataViewType featureColumnType, IReadOnlyList<string> classNames,
        ScoringColumns columns, TrainingHistory history, TrainingRecord? training, TrainedWeights weights, ModelHost host)
    {
        Graph = graph;
        _head = head;
        _margin = margin;
        _columns = columns;
        History = history;
        Training = training;
        Weights = weights;
        _temporaryFolder = host.TemporaryFolder;
        Session = new ScoringSession(graph, host.Device);
        FeatureColumnType = featureColumnType;
        ClassNames = classNames;
    }

    /// <summary>The column of features.</summary>
    public string FeatureColumnName => _columns.Feature;

    /// <summary>The column of second texts; <see langword="null"/> where the model reads one column.</summary>
    public string? SecondTextColumnName => _columns.SecondText;

    /// <summary>The type of the column of features in the training data.</summary>
    public DataViewType FeatureColumnType { get; }

    /// <summary>The output column of class probabilities.</summary>
    public string ScoreColumnName => _columns.Score;

    /// <summary>The output column of the predicted class.</summary>
    public string PredictedLabelColumnName => _columns.PredictedLabel;

    /// <summary>The number of classes.</summary>
    public int ClassCount => _head.Classes;

    /// <summary>
    /// The name of each class: the label's key value as text in the invariant culture, or the class's index from 0 where the label has no
    /// key values.
    /// </summary>
    public IReadOnlyList<string> ClassNames { get; }

    /// <summary>The names of the readouts whose columns <see cref="Transform"/> adds; empty where none were asked for.</summary>
    public IReadOnlyList<string> ReadoutNames => [.. _columns.Readouts.Select(readout => readout.Name)];

    /// <summary>What its training reported, epoch by epoch; no epochs where the network was not trained.</summary>
    public TrainingHistory History { get; }

    /// <summary>Where it comes from: trainer, seed, versions and a fingerprint of the rows; <see langword="null"/> where no trainer of this
    /// library made it.</summary>
    public TrainingRecord? Training { get; }

    /// <inheritdoc/>
    bool ITransformer.IsRowToRowMapper => true;

    /// <summary>The transformer is its own model: ML.NET's model types are closed to other libraries.</summary>
    object IPredictionTransformer<object>.Model => this;

    /// <summary>
    /// Whether the network has class activation maps: whether it ends in global average pooling and at most one linear layer. The networks
    /// for images do. An <see cref="Mlp"/> and a <see cref="TextEncoder"/> do not, nor does a student whose features SimKD or DeTT has
    /// matched as vectors.
    /// </summary>
    public bool HasActivationMaps => Graph.ActivationMaps is not null;

    /// <summary>How sure each readout was when its training ended; empty where that is not known.</summary>
    internal IReadOnlyList<ReadoutMargins> TrainingMargins { get; private init; } = [];

    /// <summary>The columns that scoring reads and writes.</summary>
    internal ScoringColumns Columns => _columns;

    /// <summary>The graph that every way of scoring runs.</summary>
    internal ScoringGraph Graph { get; }

    /// <summary>The session that scores batches.</summary>
    internal ScoringSession Session { get; }

    /// <summary>The trained network's parameters and statistics, by their names in it.</summary>
    internal TrainedWeights Weights { get; }

    /// <summary>Loads the model in a file that <c>mlContext.Model.Save</c> wrote, with all that the fitted model can do: batched scoring,
    /// readouts, activation maps, reports, export, teaching, and its weights.</summary>
    /// <param name="path">The file: a saved model, or a saved pipeline, of which the last model of this library is loaded. Use <see
    /// cref="RestoreIn(string, MLContext)"/> where the pipeline's other transforms are needed too.</param>
    /// <param name="mlContext">Loads it: gives the folder for temporary files and the GPU (<see cref="MLContext.GpuDeviceId"/>), and knows
    /// what custom transforms were registered; a new one where it is left out.</param>
    /// <returns>The model. Dispose it when it is no longer needed. libtorch is not used by it.</returns>
    /// <exception cref="InvalidDataException">The file is no such model, was saved by a later version of this library, or was damaged; the
    /// message says which, and what to do.</exception>
    /// <exception cref="InvalidOperationException">The context asks for a GPU that ONNX Runtime cannot use, and not for
    /// <see cref="MLContext.FallbackToCpu"/>; or the model reads texts, and the process has no Unicode data. The message says what to
    /// do.</exception>
    /// <exception cref="IOException">The file cannot be read, or the temporary folder does not serve; the message names the file and says
    /// what to do.</exception>
    public static EarlyReadoutTransformer Load(string path, MLContext? mlContext = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return ModelLoading.Load(path, mlContext ?? new MLContext());
    }

    /// <summary>The model of this library within a pipeline, whether it was fitted in this process or loaded by
    /// <c>mlContext.Model.Load</c>; of several, the last.</summary>
    /// <param name="model">A fitted or loaded model or pipeline.</param>
    /// <param name="mlContext">Gives the folder for temporary files and the GPU (<see cref="MLContext.GpuDeviceId"/>); a new one where it
    /// is left out.</param>
    /// <returns>The very model that the pipeline holds, or one made of the stock transformers that were loaded: then it is another object,
    /// and disposing one leaves the other alone.</returns>
    /// <exception cref="ArgumentException">There is none.</exception>
    /// <exception cref="InvalidDataException">It was saved by a later version of this library, or was damaged.</exception>
    /// <exception cref="InvalidOperationException">The context asks for a GPU that ONNX Runtime cannot use, and not for
    /// <see cref="MLContext.FallbackToCpu"/>; the message says what to do.</exception>
    public static EarlyReadoutTransformer From(ITransformer model, MLContext? mlContext = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        return ModelLoading.Find(model, () => ModelHost.Of(mlContext ?? new MLContext())) ?? throw new ArgumentException(
            $"There is no model of this library in this {model.GetType().Name}, neither fitted nor loaded by mlContext.Model.Load. Give "
                + "the pipeline that was fitted, or one that was saved and loaded.", nameof(model));
    }

    /// <summary>A loaded pipeline in which the models of this library are whole again, so that it scores in batches and can be
    /// reported.</summary>
    /// <param name="pipeline">What <c>mlContext.Model.Load</c> gave.</param>
    /// <param name="mlContext">Gives the folder for temporary files and the GPU (<see cref="MLContext.GpuDeviceId"/>); a new one where it
    /// is left out.</param>
    /// <returns>The same transforms, with an <see cref="EarlyReadoutTransformer"/> in the place of the stock transformers that each was
    /// saved as, which go on holding native memory until the pipeline is disposed. The pipeline itself where there is nothing to
    /// restore.</returns>
    /// <exception cref="InvalidDataException">A model was saved by a later version of this library, or was damaged.</exception>
    /// <exception cref="InvalidOperationException">The context asks for a GPU that ONNX Runtime cannot use, and not for
    /// <see cref="MLContext.FallbackToCpu"/>; the message says what to do.</exception>
    public static ITransformer RestoreIn(ITransformer pipeline, MLContext? mlContext = null)
    {
        ArgumentNullException.ThrowIfNull(pipeline);
        return ModelLoading.Restore(pipeline, () => ModelHost.Of(mlContext ?? new MLContext()));
    }

    /// <summary>Loads a pipeline that <c>mlContext.Model.Save</c> wrote, with the models of this library whole, so that it scores in
    /// batches and can be reported.</summary>
    /// <param name="path">The file.</param>
    /// <param name="mlContext">Loads it: gives the folder for temporary files and the GPU (<see cref="MLContext.GpuDeviceId"/>), and knows
    /// what custom transforms were registered; a new one where it is left out.</param>
    /// <returns>The pipeline's transforms, with an <see cref="EarlyReadoutTransformer"/> in the place of the stock transformers that each
    /// model was saved as, whose native memory is free again. It is <see cref="IDisposable"/>.</returns>
    /// <inheritdoc cref="Load" path="/exception"/>
    public static ITransformer RestoreIn(string path, MLContext? mlContext = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return ModelLoading.Restore(path, mlContext ?? new MLContext());
    }

    /// <summary>Makes the transformer of a saved model again.</summary>
    internal static EarlyReadoutTransformer Of(SavedModel saved, ModelHost host) => new(
        saved.Graph, saved.Head, saved.Margin, saved.Description.FeatureType.ToType(), saved.Description.ClassNames,
        saved.Description.ToColumns(), saved.Description.History.ToHistory(), saved.Description.Training, saved.Weights, host)
    {
        TrainingMargins = saved.Description.Margins ?? [],
    };

    /// <summary>Makes the transformer of a trained network.</summary>
    /// <param name="trainingSchema">The schema of the training data: gives the label's type and key values.</param>
    /// <param name="head">The stock head that was fitted to its label column.</param>
    /// <param name="columns">Column names and the shape of one example.</param>
    /// <param name="export">Adds the network's and the readouts' nodes to a graph, given the name of its input; returns the names of what
    /// they compute.</param>
    /// <param name="history">What its training reported.</param>
    /// <param name="training">Where it comes from.</param>
    /// <param name="weights">The network's weights.</param>
    /// <param name="host">What it takes from its context; no context where it is left out.</param>
    /// <param name="cancellation">Whether the fit is to stop.</param>
    /// <param name="margins">How sure its readouts were.</param>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    internal static EarlyReadoutTransformer Create(
        DataViewSchema trainingSchema, StockHead head, ScoringColumns columns, Func<OnnxGraph, string, GraphValues> export,
        TrainingHistory? history = null, TrainingRecord? training = null, TrainedWeights? weights = null,
        ModelHost? host = null, Cancellation? cancellation = null, IReadOnlyList<ReadoutMargins>? margins = null)
    {
        StockMargin? margin = columns.Readouts.Count > 0 ? StockMargin.Fit() : null;
        cancellation?.ThrowIfRequested();
        ScoringGraph graph = ScoringGraph.Build(columns, head, margin, export);
        cancellation?.ThrowIfRequested();
        return new EarlyReadoutTransformer(
            graph, head, margin, trainingSchema[columns.Feature].Type, LabelColumn.Find(trainingSchema, columns.Label).Names, columns,
            history ?? new TrainingHistory(), training, weights ?? TrainedWeights.None, host ?? ModelHost.None)
        {
            TrainingMargins = margins ?? [],
        };
    }

    /// <summary>The schema of scored rows.</summary>
    /// <param name="inputSchema">The schema of the rows to score.</param>
    /// <exception cref="ArgumentOutOfRangeException">The feature column is missing or has another type than in the training data; or the
    /// outputs have names of their own and the
    /// rows have a column named Score or PredictedLabel, which a saved model would lose.</exception>
    public DataViewSchema GetOutputSchema(DataViewSchema inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        _columns.Check(inputSchema);
        return ScoredView.SchemaOf(inputSchema, _head, _columns);
    }

    /// <summary>
    /// Adds the output columns to a view. Nothing is computed until the view is read; then rows are scored in batches, in their order.
    /// </summary>
    /// <param name="input">The rows to score.</param>
    /// <exception cref="ArgumentOutOfRangeException">The feature column is missing or has another type than in the training data; or the
    /// outputs have names of their own and the
    /// rows have a column named Score or PredictedLabel, which a saved model would lose.</exception>
    /// <exception cref="ObjectDisposedException">The transformer was disposed.</exception>
    public IDataView Transform(IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        ThrowIfDisposed();
        _columns.Check(input.Schema);
        return new ScoredView(input, Session, _head, _columns);
    }

    /// <summary>
    /// Writes the trained network's weights as a safetensors file: wholly or not at all. <see cref="NetworkOptions.WeightsPath"/> reads it
    /// into a network of the same kind, to train on from there or to read it as it is (<c>TrainedPart.None</c>).
    /// </summary>
    /// <param name="path">The file; an existing one is replaced.</param>
    /// <exception cref="IOException">The file cannot be written; the message names it and says why.</exception>
    /// <exception cref="InvalidOperationException">There are no weights: they could not be copied.</exception>
    /// <exception cref="ObjectDisposedException">The transformer was disposed.</exception>
    public void SaveWeights(string path)
    {
        ThrowIfDisposed();
        Weights.Save(path);
    }

    /// <summary>
    /// Writes the vocabulary of a model of texts, one token a line as in BERT's <c>vocab.txt</c>: wholly or not at all. Give it as
    /// <see cref="NetworkOptions.VocabularyPath"/> with the weights that <see cref="SaveWeights"/> writes.
    /// </summary>
    /// <param name="path">The file; an existing one is replaced.</param>
    /// <exception cref="IOException">The file cannot be written; the message names it and says why.</exception>
    /// <exception cref="InvalidOperationException">The model does not read texts.</exception>
    /// <exception cref="ObjectDisposedException">The transformer was disposed.</exception>
    public void SaveVocabulary(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ThrowIfDisposed();
        BertVocabulary vocabulary = _columns.Tokenizer?.Vocabulary ?? throw new InvalidOperationException(
            $"The model reads column '{FeatureColumnName}', which holds no texts: it has no vocabulary.");
        byte[] lines = Encoding.UTF8.GetBytes(string.Concat(vocabulary.Tokens.Select(token => token + "\n")));
        AtomicFile.Write(path, stream => stream.Write(lines));
    }

    /// <summary>
    /// Writes a page in Markdown on the model: what it reads and answers, what it was trained on and with, and how it did on its validation
    /// rows. The file is written wholly or not at all.
    /// </summary>
    /// <param name="path">The file; an existing one is replaced.</param>
    /// <exception cref="IOException">The file cannot be written; the message names it and says why.</exception>
    /// <exception cref="ObjectDisposedException">The transformer was disposed.</exception>
    public void SaveModelCard(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ThrowIfDisposed();
        byte[] card = Encoding.UTF8.GetBytes(ModelCard.Of(this));
        AtomicFile.Write(path, stream => stream.Write(card));
    }

    /// <inheritdoc/>
    IRowToRowMapper ITransformer.GetRowToRowMapper(DataViewSchema inputSchema)
    {
        ArgumentNullException.ThrowIfNull(inputSchema);
        _columns.Check(inputSchema);
        return RowChain().RowMapperFor(inputSchema);
    }

    /// <inheritdoc/>
    void ICanSaveModel.Save(ModelSaveContext ctx)
    {
        ArgumentNullException.ThrowIfNull(ctx);
        ThrowIfDisposed();
        using var chain = new StockChain(Graph, _head, _margin, _columns, _temporaryFolder(), ScoringDevice.Cpu, isSaved: true);
        // Fitted to the columns that it reads alone: a saved model must not ask for other columns that the training data happened to have.
        var features = new DataViewSchema.Builder();
        features.AddColumn(FeatureColumnName, FeatureColumnType);
        if (SecondTextColumnName is { } second) features.AddColumn(second, TextDataViewType.Instance);
        string stockParts = SavedModel.HashOf(_head, _margin);
        chain.Save(
            ctx, features.ToSchema(), place => SavedGraph.Write(Graph, SavedDescription.Of(this, stockParts, place), Weights));
    }

    /// <summary>Frees the native sessions, once the calls that use them have returned. Views that <see cref="Transform"/> returned can no
    /// longer be read, and a
    /// <see cref="PredictionEngine{TSrc, TDst}"/> over this model no longer predicts.</summary>
    public void Dispose()
    {
        StockChain? rowChain;
        lock (_disposing)
        {
            if (_disposed) return;
            _disposed = true;
            rowChain = _rowChain;
        }

        Session.Dispose();
        rowChain?.Dispose();
    }

    private StockChain RowChain()
    {
        lock (_disposing)
        {
            ThrowIfDisposed();
            return _rowChain ??= new StockChain(Graph, _head, _margin, _columns, _temporaryFolder(), Session.Device);
        }
    }

    private void ThrowIfDisposed()
    {
        if (_disposed) throw SharedLifetime.Disposed();
    }
}
