using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Trains a network on labels, by the objective that the options name: ERM, class-balanced, group DRO, Just Train Twice, deep feature reweighting.</summary>
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
                Train(WeightedRisk.ClassBalanced(session.Training));
                break;
            case ObjectiveKind.GroupDro:
                using (var risk = new GroupDroRisk(session.Training.Set, objective.GroupDroRate, session.Device)) Train(risk);
                break;
            case ObjectiveKind.JustTrainTwice:
                Train(WeightedRisk.UpWeighted(session.Training, JustTrainTwice.FindErrors(session, objective.JustTrainTwice), objective.JustTrainTwice.UpWeight));
                break;
            case ObjectiveKind.DeepFeatureReweighting:
                // Read first: a fault in these rows must not cost a training.
                using (TrainingSet? given = objective.ReweightingSet is { } view ? session.Read(view) : null)
                {
                    TrainingRows rows = BalancedRows(session, given);
                    Train(EmpiricalRisk.Instance);
                    if (!session.Cancellation.IsAcknowledged) ReweightHead(session, objective, rows);
                }
                break;
            default:
                Train(EmpiricalRisk.Instance);
                break;
        }

        void Train(IRisk risk)
        {
            using var step = new SupervisedStep(session.Network, part, risk, session.Options.Optimizer, readouts);
            session.Train(step);
        }
    }

    /// <summary>Rows of which every group has equally many, as many as the smallest group has.</summary>
    private static TrainingRows BalancedRows(TrainingSession session, TrainingSet? given)
    {
        if (given is not null && session.Checkpoints is not null) CheckSame(session, DataFingerprint.Of(given));
        TrainingRows rows = given is null ? session.Training : TrainingRows.AllOf(given);
        HashSet<int> classes = [.. rows.Rows.Select(row => rows.Set.Labels[row])];
        if (session.Training.Rows.Select(row => session.Training.Set.Labels[row]).Where(c => !classes.Contains(c)).Select(c => session.Training.Set.ClassNames[c]).FirstOrDefault() is { } lacking)
            throw new ArgumentException($"Objective.ReweightingSet has no rows of the class '{lacking}': a head trained anew on it could never say that class.");
        return Balanced(rows, session.Seeds.For("balance"));
    }

    /// <summary>Draws the head anew and trains it on the balanced rows.</summary>
    private static void ReweightHead(TrainingSession session, ObjectiveOptions objective, TrainingRows rows)
    {
        session.Log($"Deep feature reweighting: the head is trained anew on {rows.Rows.Length} rows, equally many of each group.");
        using (var generator = new Generator(session.Seeds.For("head").Seed, CPU)) session.Network.InitializeHead(generator);
        using var step = new SupervisedStep(session.Network, TrainedPart.Head, EmpiricalRisk.Instance, session.Options.Optimizer, []);
        session.Train("Head", step, objective.ReweightingEpochs, rows);
    }

    /// <summary>A checkpoint's identity does not know these rows, which this objective alone reads.</summary>
    private static void CheckSame(TrainingSession session, long fingerprint)
    {
        if (session.Recall("fingerprint of the reweighting rows", () => [fingerprint])[0] != fingerprint)
            throw new CheckpointMismatchException(session.Options.CheckpointDirectory!, ["the rows of Objective.ReweightingSet are others"]);
    }

    private static TrainingRows Balanced(TrainingRows rows, SeedSequence seeds)
    {
        long[][] groups = [.. rows.Rows.GroupBy(row => rows.Set.Groups![row]).OrderBy(group => group.Key).Select(group => group.ToArray())];
        int least = groups.Min(group => group.Length);
        return rows with { Rows = [.. groups.SelectMany((group, i) => seeds.For("group", i).Permutation(group.Length).Take(least).Select(place => group[place])).Order()] };
    }
}
