using System.Diagnostics.CodeAnalysis;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// Trains a network classifier plainly, with readouts on its stages: the diagnosis of what early layers can decide on their own, and the
/// baseline of every method that mends it.
/// </summary>
/// <remarks>
/// <para>To create it, use <c>mlContext.Transforms.EarlyReadout(...)</c>.</para>
/// <para>A readout of stage k is a small classifier q trained by <c>L_aux = −log q_y(sg[f≤k(x)])</c>, where sg stops the gradient: it
/// changes nothing in the network. Its confidence margin is <c>cm = q(top 1) − q(top 2)</c>. Readouts are more often wrong, and more
/// confidently wrong, on the rows where a spurious feature misleads: "Using Early Readouts to Mediate Featural Bias in Distillation", WACV
/// 2024. <c>mlContext.MulticlassClassification.ProfileReadouts</c> shows it.</para>
/// <para>Besides <c>Score</c> and <c>PredictedLabel</c>, the fitted transformer adds for each readout R the columns <c>R.Score</c>,
/// <c>R.PredictedLabel</c> and <c>R.Margin</c>. They are outputs of the same ONNX graph, and survive saving.</para>
/// </remarks>
/// <threadsafety>An estimator may be fitted from several threads; each fit is on its own.</threadsafety>
public sealed partial class EarlyReadoutEstimator : NetworkTrainer<EarlyReadoutEstimator.Options>
{
    internal EarlyReadoutEstimator(IHostEnvironment environment, Options options) : base(environment, options)
    {
    }

    /// <inheritdoc/>
    [Experimental(ExperimentalId.OwnMethod)]
    protected override void Train(TrainingSession session, Options options)
    {
        var trainers = new List<ReadoutTrainer>();
        WeightedRisk? balanced = null;
        try
        {
            foreach (Tap tap in options.Taps)
            {
                TappedReadout readout = session.CreateReadout(tap.ColumnName, tap.Readout, session.Seeds.For("readout " + tap.ColumnName));
                session.Readouts.Add(readout);
                IRisk risk = tap.ClassBalanced
                    ? balanced ??= WeightedRisk.ClassBalanced(session.Training, LabelLoss.Plain, session.Device)
                    : EmpiricalRisk.Plain;
                trainers.Add(
                    new ReadoutTrainer(readout, risk, options.ReadoutLearningRate!.Value, options.ReadoutWeightDecay, tap.ColumnName));
            }

            bool alone = options.TrainedPart == TrainedPart.None;
            bool together = options.ReadoutTiming == ReadoutTiming.Together && !alone;
            if (!alone) SupervisedTraining.Run(session, options.TrainedPart, options.Objective, together ? trainers : []);
            if (together || trainers.Count == 0) return;
            using var step = new ReadoutStep(session.Network, trainers);
            session.Train("Readouts", step, options.ReadoutEpochs!.Value, makesModel: alone);
        }
        finally
        {
            foreach (ReadoutTrainer trainer in trainers) trainer.Dispose();
            balanced?.Dispose();
        }
    }
}
