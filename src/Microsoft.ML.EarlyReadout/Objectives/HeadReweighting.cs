using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// Deep feature reweighting, "Last Layer Re-Training is Sufficient for Robustness to Spurious Correlations" (ICLR 2023): the network is trained as it is, then its head anew
/// on rows of which every group has equally many.
/// </summary>
internal static class HeadReweighting
{
    /// <param name="session">The training.</param>
    /// <param name="objective">Which rows, and for how long.</param>
    /// <param name="trainNetwork">Trains the network.</param>
    public static void Run(TrainingSession session, ObjectiveOptions objective, Action trainNetwork)
    {
        // Read first: a fault in these rows must not cost a training.
        using TrainingSet? given = objective.ReweightingSet is { } view ? session.Read("the rows of Objective.ReweightingSet", view) : null;
        TrainingRows rows = BalancedRows(session, given);
        trainNetwork();
        if (!session.Cancellation.IsAcknowledged) TrainHead(session, objective.ReweightingEpochs, rows);
    }

    private static TrainingRows BalancedRows(TrainingSession session, TrainingSet? given)
    {
        TrainingRows rows = given is null ? session.Training : TrainingRows.AllOf(given);
        HashSet<int> classes = [.. rows.Rows.Select(row => rows.Set.Labels[row])];
        if (session.Training.Rows.Select(row => session.Training.Set.Labels[row]).Where(c => !classes.Contains(c)).Select(c => session.Training.Set.ClassNames[c]).FirstOrDefault() is { } lacking)
            throw new ArgumentException($"Objective.ReweightingSet has no rows of the class '{lacking}': a head trained anew on it could never say that class.");

        SeedSequence seeds = session.Seeds.For("balance");
        long[][] groups = [.. rows.Rows.GroupBy(row => rows.Set.Groups![row]).OrderBy(group => group.Key).Select(group => group.ToArray())];
        int least = groups.Min(group => group.Length);
        return rows with { Rows = [.. groups.SelectMany((group, i) => seeds.For("group", i).Permutation(group.Length).Take(least).Select(place => group[place])).Order()] };
    }

    /// <summary>Draws the head anew and trains it. Where that is cut short, the head that the network had is the best there is: it is put back.</summary>
    private static void TrainHead(TrainingSession session, int epochs, TrainingRows rows)
    {
        session.Log($"Deep feature reweighting: the head is trained anew on {rows.Rows.Length} rows, equally many of each group.");
        using ModuleSnapshot trained = ModuleSnapshot.Of([.. session.Network.Head]);
        using (var generator = new Generator(session.Seeds.For("head").Seed, CPU)) session.Network.InitializeHead(generator);
        using var step = new SupervisedStep(session.Network, TrainedPart.Head, EmpiricalRisk.Instance, session.Options.Optimizer, []) { Kept = ModuleState.Under("trained head/", trained.State) };
        try
        {
            session.Train("Head", step, epochs, rows);
        }
        catch (TrainingDivergedException divergence) when (divergence.LastGoodEpoch == 0)
        {
            trained.Restore();
            divergence.LastGoodEpoch = session.History.SelectedEpoch;
            throw;
        }

        if (session.Cancellation.IsAcknowledged) trained.Restore();
    }
}
