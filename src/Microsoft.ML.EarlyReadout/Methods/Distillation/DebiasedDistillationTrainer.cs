using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// Trains a student network on a teacher's scores so that it does not take over, or make for itself, the shortcut of a spurious feature:
/// rows that an early readout of the student gets wrong, and confidently so, count more.
/// </summary>
/// <remarks>
/// <para>To create it, use <c>mlContext.MulticlassClassification.Trainers.DebiasedDistillation(...)</c>.</para>
/// <list type="table">
/// <listheader><term>Column</term><description>Type</description></listheader>
/// <item><term>input: features</term><description><c>Vector&lt;Single&gt;</c> of known size (tabular, or pixels), an image, or text
/// (<see cref="TrainerOptions.TextColumnName"/>)</description></item>
/// <item><term>input: label</term><description>key</description></item>
/// <item><term>input: teacher's scores, for training only</term><description><c>Vector&lt;Single, C&gt;</c>; or made by
/// <see cref="TeacherOptions.Model"/> or <see cref="TeacherOptions.OnnxPath"/></description></item>
/// <item><term>output: Score</term><description><c>Vector&lt;Single&gt;</c>, one probability a class, in the order of the slot
/// names</description></item>
/// <item><term>output: PredictedLabel</term><description>key, with the label's own values</description></item>
/// </list>
/// <para>With student logits s and teacher logits t it minimises, over rows i,
/// <c>L_i = (1−λ)·CE(s_i, y_i) + λ·w_i·T²·KL( softmax(t_i/T) ‖ softmax(s_i/T) )</c>, where <c>w_i = exp(β·cm_i^α)</c> if the readout of row
/// i is wrong, else 1; cm is the readout's confidence margin. Every <see cref="Options.ReadoutEvery"/> epochs a fresh readout is trained on
/// the student as it stands, and all weights are made anew. "Using Early Readouts to Mediate Featural Bias in Distillation", WACV
/// 2024.</para>
/// </remarks>
/// <threadsafety>A trainer may be fitted from several threads; each fit is on its own.</threadsafety>
public sealed partial class DebiasedDistillationTrainer : NetworkTrainer<DebiasedDistillationTrainer.Options>
{
    internal DebiasedDistillationTrainer(IHostEnvironment environment, Options options) : base(environment, options)
    {
    }

    /// <inheritdoc/>
    [Experimental(ExperimentalId.OwnMethod)]
    protected override void Train(TrainingSession session, Options options)
    {
        var rows = (RowsWithTeacher)session.Prepared;
        var targets = TeacherTargets.Of(rows.Teacher, options, rows.Scored, session);
        var teacher = TeacherScores.Read(
            rows.View.Schema[options.Teacher.ScoreColumnName], rows.Teacher.Source, session.Training.Set, options.Teacher.ScoreKind,
            session.Log);
        switch (options.Method)
        {
            case DistillationMethod.Debiased or DistillationMethod.Plain:
                StageTap.Check(session.Network, options.Readout.Stage); // now, not when the first readout is due
                var weights = new RowWeights(session, options);
                weights.WarnIfNeverDue();
                using (var step = new DistillationStep(
                    session.Network, teacher, options, session.Training.Set.Count, weights.Renew, targets, session.Loss))
                {
                    session.Train(step);
                }

                break;
            case DistillationMethod.SimKD:
                FeatureMatching.Train(session, teacher, targets, options, errors: new HashSet<long>());
                break;
            case DistillationMethod.DeTT:
                FeatureMatching.Train(
                    session, teacher, targets, options,
                    errors: JustTrainTwice.FindErrors(session, TrainedPart.All, options.JustTrainTwice));
                break;
            default:
                throw new UnreachableException($"No method {options.Method}.");
        }
    }

    /// <inheritdoc/>
    [Experimental(ExperimentalId.OwnMethod)]
    protected override FitRows Prepare(Options options, IDataView input)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(input);
        var teacher = Teacher.Prepare(options.Teacher, options.TrainingColumns, input, () => ScoringDevice.Of(HostEnvironment));
        try
        {
            return new RowsWithTeacher(teacher, teacher.Apply(input), input.Schema);
        }
        catch
        {
            teacher.Dispose();
            throw;
        }
    }
}
