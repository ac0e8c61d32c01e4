namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// The network is trained, but what makes the fitted model of it failed: the export, or the comparison of the exported graph with the
/// network. Nothing of the training is lost:
/// take <see cref="Model"/> where there is one, else <see cref="SaveWeights"/>. What failed is the inner exception.
/// </summary>
public sealed class ModelExportException : InvalidOperationException
{
    private readonly TrainedWeights _weights = TrainedWeights.None;

    /// <summary>Creates the exception.</summary>
    public ModelExportException() { }

    /// <summary>Creates the exception with a message.</summary>
    /// <param name="message">What happened.</param>
    public ModelExportException(string message) : base(message) { }

    /// <summary>Creates the exception with a message and its cause.</summary>
    /// <param name="message">What happened.</param>
    /// <param name="innerException">The cause.</param>
    public ModelExportException(string message, Exception innerException) : base(message, innerException) { }

    internal ModelExportException(Exception cause, EarlyReadoutTransformer? model, TrainedWeights weights)
        : base(Text(cause, model is not null, weights.Any), cause)
    {
        Model = model;
        _weights = weights;
    }

    /// <summary>
    /// The model, where only its check failed: after a <see cref="ParityException"/> it does not compute what the network computes, so look
    /// at its scores before you use it.
    /// <see langword="null"/> where there is none. Dispose it when it is no longer needed.
    /// </summary>
    public EarlyReadoutTransformer? Model { get; }

    /// <summary>
    /// Writes the network's weights as a safetensors file: wholly or not at all. <see cref="NetworkOptions.WeightsPath"/> reads it.
    /// </summary>
    /// <param name="path">The file; an existing one is replaced.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="InvalidOperationException">The weights could not be copied, as where there was no memory for it.</exception>
    public void SaveWeights(string path) => _weights.Save(path);

    private static string Text(Exception cause, bool hasModel, bool hasWeights) => "The network is trained, but "
        + (hasModel ? "the check of its exported graph failed. " : "no model could be made of it. ")
        + $"{cause.Message} {(hasModel ? "The model is in ModelExportException.Model; " : "")}"
        + "ModelExportException.SaveWeights "
        + (hasWeights ? "writes the trained weights." : "has no weights to write: they could not be copied.");
}
