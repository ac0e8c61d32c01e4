using System.Diagnostics.CodeAnalysis;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.EarlyReadout.Training;

/// <summary>
/// The base of every trainer: it reads the rows, builds the network, lets a method train it, and makes the fitted model. A method is a
/// class of options and what <see cref="Train"/> does.
/// </summary>
/// <typeparam name="TOptions">The trainer's options.</typeparam>
/// <threadsafety>A trainer may be fitted from several threads; each fit is on its own.</threadsafety>
public abstract class NetworkTrainer<TOptions> : IEstimator<EarlyReadoutTransformer>
    where TOptions : TrainerOptions
{
    private readonly TOptions _options;

    /// <summary>Takes the options over.</summary>
    /// <param name="environment">Where messages go, and whose seed and cancellation hold: an <see cref="MLContext"/>, or what <see
    /// cref="CatalogEnvironment"/> finds behind a catalog.</param>
    /// <param name="options">The options; copied, so that later changes to them change nothing.</param>
    /// <exception cref="ArgumentException">Options are out of range; the message lists them all.</exception>
    [Experimental(ExperimentalId.OwnMethod)]
    protected NetworkTrainer(IHostEnvironment environment, TOptions options)
    {
        ArgumentNullException.ThrowIfNull(environment);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        HostEnvironment = CatalogEnvironment.Behind(environment);
        _options = options.Copy();
    }

    /// <summary>The trainer's name in log and checkpoints.</summary>
    internal string Name => GetType().Name;

    /// <summary>Where messages go.</summary>
    internal IHostEnvironment HostEnvironment { get; }

    /// <summary>Trains on the view's rows, which are read once; texts twice where no vocabulary is given, first to learn it.</summary>
    /// <param name="input">The training rows.</param>
    /// <returns>The fitted classifier. Dispose it when it is no longer needed; libtorch is not used by it.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of another type; the message names it and says what to
    /// do.</exception>
    /// <exception cref="ArgumentException">The network has no such stage, more weights than a model can hold, or another number of outputs
    /// than there are classes, there is only one class, an option is for other features, or what the method reads besides is not what the
    /// options say; the message says what to do.</exception>
    /// <exception cref="InvalidDataException">There are no rows with a label, a number is not finite, or a file that the options name
    /// is not what it should be.</exception>
    /// <exception cref="InvalidOperationException"><see cref="MLContext.GpuDeviceId"/> names a GPU that ONNX Runtime cannot use for
    /// scoring, and <see cref="MLContext.FallbackToCpu"/> is not set; the message says what to do.</exception>
    /// <exception cref="TrainingDivergedException">A loss is no longer finite.</exception>
    /// <exception cref="TrainingOutOfMemoryException">The network or a step needs more memory than there is; of a step the message says
    /// which <see cref="TrainerOptions.BatchSize"/> would fit.</exception>
    /// <exception cref="ModelExportException">The network is trained, but no model could be made of it, or its check failed; the exception
    /// holds what there is.</exception>
    /// <exception cref="OperationCanceledException">The options' token was cancelled; where the network was trained, it is a
    /// <see cref="ModelExportCanceledException"/> that holds it.</exception>
    public EarlyReadoutTransformer Fit(IDataView input) => Fit(_options, input);

    /// <summary>As <see cref="Fit(IDataView)"/>, with validation rows, as <see cref="TrainerOptions.ValidationSet"/> gives them.</summary>
    /// <param name="trainData">The training rows.</param>
    /// <param name="validationData">Rows for validation, with the columns that <see cref="TrainerOptions.ValidationSet"/> needs: that of
    /// groups too where one is named, with the exception told there.</param>
    /// <returns>The fitted classifier. Dispose it when it is no longer needed; libtorch is not used by it.</returns>
    /// <exception cref="ArgumentException">The options name validation rows too; or as for <see cref="Fit(IDataView)"/>.</exception>
    public EarlyReadoutTransformer Fit(IDataView trainData, IDataView validationData)
    {
        ArgumentNullException.ThrowIfNull(validationData);
        string? other = _options.ValidationSet is not null ? nameof(_options.ValidationSet)
            : _options.ValidationFraction > 0 ? nameof(_options.ValidationFraction) : null;
        if (other is not null)
        {
            throw new ArgumentException(
                $"Fit is given validation rows, and so are the options, by {other}; give one.", nameof(validationData));
        }

        TOptions options = _options.Copy();
        options.ValidationSet = validationData;
        return Fit(options, trainData);
    }

    /// <summary>The columns that the fitted transformer will add.</summary>
    /// <param name="inputSchema">The shape of the training data's schema.</param>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of another type, as for <see cref="Fit(IDataView)"/>: that the
    /// validation rows have the groups is known of <see cref="TrainerOptions.ValidationSet"/> alone. A fit finds more: a shape tells
    /// neither the size of a vector nor the number of a key's values.</exception>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema) => NetworkTraining.GetOutputSchema(_options, inputSchema);

    /// <summary>As <see cref="Fit(IDataView)"/>, for what training reports alone: no model is made of the network.</summary>
    internal void TrainOnly(IDataView input)
    {
        using FitRows rows = Check(_options, input);
        NetworkTraining.Train(HostEnvironment, Name, _options, rows, Train);
    }

    /// <summary>Does all that comes before training, and hands over what would be trained.</summary>
    internal void Inspect(IDataView input, Action<TrainingSession, TOptions> look)
    {
        using FitRows rows = Check(_options, input);
        NetworkTraining.Train(HostEnvironment, Name, _options, rows, look);
    }

    /// <summary>Trains the session's network by the method: makes a step, and lets the session run it.</summary>
    /// <param name="session">What there is to train on. It ends with the fit.</param>
    /// <param name="options">The options, of which none is automatic any more.</param>
    [Experimental(ExperimentalId.OwnMethod)]
    protected abstract void Train(TrainingSession session, TOptions options);

    /// <summary>Adds to the rows what the method needs beside what is in the data, such as the scores of another model. The columns are
    /// declared in <see cref="TrainerOptions.RowColumns"/>.</summary>
    /// <param name="options">The options.</param>
    /// <param name="input">The training rows; what the options declare to be in the data is there.</param>
    /// <returns>The rows with the columns added, and the schema without them. It is disposed with the fit.</returns>
    [Experimental(ExperimentalId.OwnMethod)]
    protected virtual FitRows Prepare(TOptions options, IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        return new FitRows(input, input.Schema);
    }

    private EarlyReadoutTransformer Fit(TOptions options, IDataView input)
    {
        using FitRows rows = Check(options, input);
        return NetworkTraining.Fit(HostEnvironment, Name, options, rows, Train);
    }

    private FitRows Check(TOptions options, IDataView input)
    {
        ArgumentNullException.ThrowIfNull(input);
        options.RequireValidation();
        options.GivenColumns.Check(input.Schema, options.Network.Input);
        // What schemas tell is told before rows are read, which may take long.
        if (options.GivenColumns.Features(input.Schema, options.Network.Input).Shape is { } shape)
        {
            options.Network.Input.Require(shape);
            options.Augmentation.Require(shape);
        }

        if (options.ValidationSet is { } validation)
            options.ValidationColumns.Beside(input.Schema).Check(validation.Schema, options.Network.Input);
        if (options.MethodRows is { } rows)
        {
            TrainingColumns columns = options.ColumnsOf(rows.Name) with { GroupNeed = rows.GroupNeed };
            columns.Beside(input.Schema).Check(rows.View.Schema, options.Network.Input);
        }

        return Prepare(options, input);
    }
}
