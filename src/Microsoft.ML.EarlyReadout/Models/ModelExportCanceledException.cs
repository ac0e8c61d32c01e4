namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// The fit was cancelled when the network was trained and only its export and check were left. Nothing of the training is lost: take
/// <see cref="Model"/> where there is one,
/// else <see cref="SaveWeights"/>. With <see cref="CancellationBehavior.ReturnBest"/> such a fit returns its model instead.
/// </summary>
public sealed class ModelExportCanceledException : OperationCanceledException
{
    private readonly TrainedWeights _weights = TrainedWeights.None;

    /// <summary>Creates the exception.</summary>
    public ModelExportCanceledException() { }

    /// <summary>Creates the exception with a message.</summary>
    /// <param name="message">What happened.</param>
    public ModelExportCanceledException(string message) : base(message) { }

    /// <summary>Creates the exception with a message and its cause.</summary>
    /// <param name="message">What happened.</param>
    /// <param name="innerException">The cause.</param>
    public ModelExportCanceledException(string message, Exception innerException) : base(message, innerException) { }

    internal ModelExportCanceledException(OperationCanceledException cause, EarlyReadoutTransformer? model, TrainedWeights weights)
        : base("The fit was cancelled when the network was trained and its model was being made.", cause, cause.CancellationToken)
    {
        Model = model;
        _weights = weights;
    }

    /// <summary>
    /// The model, not yet checked; <see langword="null"/> where there is none yet. Dispose it when it is no longer needed.
    /// </summary>
    public EarlyReadoutTransformer? Model { get; }

    /// <inheritdoc cref="ModelExportException.SaveWeights(string)"/>
    public void SaveWeights(string path) => _weights.Save(path);
}
