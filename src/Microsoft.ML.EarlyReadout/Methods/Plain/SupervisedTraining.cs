using System.Diagnostics;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Trains a network on labels, by the objective that the options name: ERM, class-balanced, group DRO, Just Train Twice, deep
/// feature reweighting, automatic feature reweighting.</summary>
internal static class SupervisedTraining
{
    /// <param name="session">The training.</param>
    /// <param name="part">What of the network is trained: all, or its head.</param>
    /// <param name="objective">The objective.</param>
    /// <param name="readouts">Readouts that are trained beside the network; they stay the caller's.</param>
    public static void Run(TrainingSession session, TrainedPart part, ObjectiveOptions objective, IReadOnlyList<ReadoutTrainer> readouts)
    {
        switch (objective.Kind)
        {
            case ObjectiveKind.ClassBalanced:
                using (var risk = WeightedRisk.ClassBalanced(session.Training, session.Loss, session.Device)) Train(risk);
                break;
            case ObjectiveKind.GroupDro:
                using (var risk = new GroupDroRisk(
                    session.Training, objective.GroupDro.StepSize, session.Device, session.Loss, session.Ranks))
                    Train(risk, objective.GroupDro.BalancedBatches ? EpochOrder.GroupBalanced : null);
                break;
            case ObjectiveKind.JustTrainTwice:
                IReadOnlySet<long> errors = JustTrainTwice.FindErrors(session, part, objective.JustTrainTwice);
                double factor = objective.JustTrainTwice.UpWeight!.Value;
                using (var risk = WeightedRisk.UpWeighted(session.Training, errors, factor, session.Loss, session.Device)) Train(risk);
                break;
            case ObjectiveKind.DeepFeatureReweighting:
                DeepFeatureReweighting.Run(session, objective, () => Train(session.Risk));
                break;
            case ObjectiveKind.AutomaticFeatureReweighting:
                AutomaticFeatureReweighting.Run(
                    session, objective.AutomaticFeatureReweighting, readouts, rows => Train(session.Risk, rows: rows));
                break;
            case ObjectiveKind.EmpiricalRisk:
                Train(session.Risk);
                break;
            default:
                throw new UnreachableException($"No objective {objective.Kind}.");
        }

        void Train(IRisk risk, Func<TrainingRows, SeedSequence, long[]>? order = null, TrainingRows? rows = null)
        {
            using var step = new SupervisedStep(session.Network, part, risk, session.Options.Optimizer, readouts);
            session.Train(step, order, rows);
        }
    }
}
