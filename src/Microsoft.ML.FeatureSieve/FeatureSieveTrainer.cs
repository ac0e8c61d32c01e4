using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.EarlyReadout.Networks;
using Microsoft.ML.EarlyReadout.Training;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.FeatureSieve;

/// <summary>
/// Trains a network classifier with the feature sieve: it alternates training with forgetting what an early readout can see, so that the
/// network cannot lean on the simplest features and learns richer ones.
/// </summary>
/// <remarks>
/// <para>To create it, use <c>mlContext.MulticlassClassification.Trainers.FeatureSieve(...)</c>.</para>
/// <list type="table">
/// <listheader><term>Column</term><description>Type</description></listheader>
/// <item><term>input: features</term><description><c>Vector&lt;Single&gt;</c> of known size (tabular, or pixels), an image, or text
/// (<see cref="TrainerOptions.TextColumnName"/>)</description></item>
/// <item><term>input: label</term><description>key</description></item>
/// <item><term>input: group, for selection only</term><description>key, text, number or bool</description></item>
/// <item><term>output: Score</term><description><c>Vector&lt;Single&gt;</c>, one probability a class, in the order of the slot
/// names</description></item>
/// <item><term>output: PredictedLabel</term><description>key, with the label's own values</description></item>
/// </list>
/// <list type="table">
/// <listheader><term>Characteristic</term><description>Value</description></listheader>
/// <item><term>Task</term><description>multiclass classification, two classes included</description></item>
/// <item><term>Is normalisation required?</term><description>for pixels no (<see cref="InputOptions"/>); for tabular features
/// yes</description></item>
/// <item><term>Exportable to ONNX</term><description>yes: <see cref="EarlyReadoutTransformer.SaveAsOnnx(string)"/></description></item>
/// <item><term>Needed to score the saved model</term><description>Microsoft.ML, Microsoft.ML.OnnxTransformer,
/// Microsoft.ML.OnnxRuntime; for an image column Microsoft.ML.ImageAnalytics too</description></item>
/// </list>
/// <para>With L_main = −log p_y(x), L_aux = −log q_y(sg[f≤k(x)]) and L_forget = −(1/C) Σ_c log q_c(f≤k(x)), each step moves the readout by
/// L_aux; every <see cref="Options.ForgetEvery"/> steps the stages up to k by L_forget, with the readout held; then the network by L_main.
/// With <see cref="Options.Update"/> the three are one update, as in the paper's Algorithm 1. "Overcoming Simplicity Bias in Deep Networks
/// using a Feature Sieve", ICML 2023.</para>
/// </remarks>
/// <threadsafety>A trainer may be fitted from several threads; each fit is on its own.</threadsafety>
public sealed partial class FeatureSieveTrainer : NetworkTrainer<FeatureSieveTrainer.Options>
{
    internal FeatureSieveTrainer(IHostEnvironment environment, Options options) : base(environment, options)
    {
    }

    /// <inheritdoc/>
    [Experimental("MLSIEVE001")]
    protected override void Train(TrainingSession session, Options options)
    {
        ArgumentNullException.ThrowIfNull(session);
        ArgumentNullException.ThrowIfNull(options);
        if (options.ForgetEvery == 0)
        {
            using var plain = new SupervisedStep(session.Network, options.Optimizer, session.Risk);
            session.Train(plain);
            return;
        }

        using TappedReadout readout = session.CreateReadout("readout", options.Readout, session.Seeds.For("readout"));
        using ITrainingStep step = options.Update switch
        {
            SieveUpdate.Alternating => new SieveStep(session.Network, readout, options, session.FreezesBatchNorm, session.Risk),
            SieveUpdate.Joint => new JointSieveStep(session.Network, readout, options, session.FreezesBatchNorm, session.Risk),
            _ => throw new UnreachableException($"No update {options.Update}."),
        };
        session.Train(step);
    }
}
