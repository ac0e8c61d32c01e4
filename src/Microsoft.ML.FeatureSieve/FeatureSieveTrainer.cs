using Microsoft.ML.EarlyReadout;
using Microsoft.ML.Runtime;
using TorchSharp;

namespace Microsoft.ML.FeatureSieve;

/// <summary>
/// Trains a network classifier with the feature sieve: it alternates training with forgetting what an early readout can see, so that the network cannot lean on the
/// simplest features and learns richer ones.
/// </summary>
/// <remarks>
/// <para>To create it, use <c>mlContext.MulticlassClassification.Trainers.FeatureSieve(...)</c>.</para>
/// <list type="table">
/// <listheader><term>Column</term><description>Type</description></listheader>
/// <item><term>input: features</term><description><c>Vector&lt;Single&gt;</c> of known size (tabular, or pixels), or an image</description></item>
/// <item><term>input: label</term><description>key</description></item>
/// <item><term>input: group, for selection only</term><description>key, text, number or bool</description></item>
/// <item><term>output: Score</term><description><c>Vector&lt;Single&gt;</c>, one probability a class, in the order of the slot names</description></item>
/// <item><term>output: PredictedLabel</term><description>key, with the label's own values</description></item>
/// </list>
/// <list type="table">
/// <listheader><term>Characteristic</term><description>Value</description></listheader>
/// <item><term>Task</term><description>multiclass classification, two classes included</description></item>
/// <item><term>Is normalisation required?</term><description>for pixels no (<see cref="InputOptions"/>); for tabular features yes</description></item>
/// <item><term>Exportable to ONNX</term><description>yes: <see cref="EarlyReadoutTransformer.SaveAsOnnx(string)"/></description></item>
/// <item><term>Needed to score the saved model</term><description>Microsoft.ML, Microsoft.ML.OnnxTransformer, Microsoft.ML.OnnxRuntime</description></item>
/// </list>
/// <para>With L_main = −log p_y(x), L_aux = −log q_y(sg[f≤k(x)]) and L_forget = −(1/C) Σ_c log q_c(f≤k(x)), each step moves the readout by L_aux; every
/// <see cref="Options.ForgetEvery"/> steps the stages up to k by L_forget, with the readout held; then the network by L_main. With
/// <see cref="Options.Update"/> the three are one update, as in the paper's Algorithm 1. "Overcoming Simplicity Bias in Deep Networks using
/// a Feature Sieve", ICML 2023.</para>
/// </remarks>
/// <threadsafety>A trainer may be fitted from several threads; each fit is on its own.</threadsafety>
public sealed partial class FeatureSieveTrainer : IEstimator<EarlyReadoutTransformer>
{
    private readonly IHostEnvironment _environment;
    private readonly Options _options;

    internal FeatureSieveTrainer(IHostEnvironment environment, Options options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        _environment = environment;
        _options = options.Copy();
    }

    /// <summary>Trains on the view's rows, which are read once.</summary>
    /// <param name="input">The training rows.</param>
    /// <returns>The fitted classifier. Dispose it when it is no longer needed; libtorch is not used by it.</returns>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of another type; the message names it and says what to do.</exception>
    /// <exception cref="ArgumentException">The network has no such stage, or there is only one class; the message says what to do.</exception>
    /// <exception cref="InvalidDataException">There are no rows with a label, a feature is not finite, or the weights file does not fit the network.</exception>
    /// <exception cref="TrainingDivergedException">A loss is no longer finite.</exception>
    /// <exception cref="TrainingOutOfMemoryException">A step needs more memory than there is; the message says which <see cref="TrainerOptions.BatchSize"/> would fit.</exception>
    /// <exception cref="ModelExportException">The network is trained, but no model could be made of it, or its check failed; the exception
    /// holds what there is.</exception>
    /// <exception cref="OperationCanceledException">The options' token was cancelled; where the network was trained, it is a
    /// <see cref="ModelExportCanceledException"/> that holds it.</exception>
    public EarlyReadoutTransformer Fit(IDataView input) => NetworkTraining.Fit(_environment, nameof(FeatureSieveTrainer), _options, input, Train);

    /// <summary>The columns that the fitted transformer will add.</summary>
    /// <param name="inputSchema">The shape of the training data's schema.</param>
    /// <exception cref="ArgumentOutOfRangeException">A column is missing or of another type. <see cref="Fit"/> finds more: a shape tells neither the size of a vector nor the number of
    /// a key's values.</exception>
    public SchemaShape GetOutputSchema(SchemaShape inputSchema) => NetworkTraining.GetOutputSchema(_options, inputSchema);

    /// <summary>The trainer as a search uses it.</summary>
    internal static SearchedTrainer<Options> Searched { get; } = new(
        nameof(FeatureSieveTrainer),
        (environment, options, input) => new FeatureSieveTrainer(environment, options).Fit(input),
        (environment, options, input) => NetworkTraining.Train(environment, nameof(FeatureSieveTrainer), options, input, Train),
        (environment, options, input, look) => NetworkTraining.Train(environment, nameof(FeatureSieveTrainer), options, input, look));

    private static void Train(TrainingSession session, Options options)
    {
        if (options.ForgetEvery == 0)
        {
            using var plain = new SupervisedStep(session.Network, TrainedPart.All, EmpiricalRisk.Instance, options.Optimizer, []);
            session.Train(plain);
            return;
        }

        using TappedReadout readout = session.CreateReadout("readout", options.Readout, session.Seeds.For("readout"));
        using ITrainingStep step = options.Update == SieveUpdate.Joint
            ? new JointSieveStep(session.Network, readout.Head, options, options.FreezesBatchNorm)
            : new SieveStep(session.Network, readout.Head, options, options.FreezesBatchNorm);
        session.Train(step);
    }
}
