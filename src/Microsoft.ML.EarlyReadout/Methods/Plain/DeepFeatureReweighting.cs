using System.Numerics.Tensors;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// Deep feature reweighting, "Last Layer Re-Training is Sufficient for Robustness to Spurious Correlations" (ICLR 2023): the network is
/// trained as it is, then its last linear layer is fitted anew, by logistic regression on rows of which every group has equally many.
/// </summary>
internal static class DeepFeatureReweighting
{
    /// <summary>What messages call the rows that it is given.</summary>
    public const string GivenRows = $"the rows of {Option}";

    private const string Option = "Objective.DeepFeatureReweighting.ReweightingSet";

    /// <param name="session">The training.</param>
    /// <param name="objective">Which rows, how many subsets of them, and which strengths are tried.</param>
    /// <param name="trainNetwork">Trains the network.</param>
    public static void Run(TrainingSession session, ObjectiveOptions objective, Action trainNetwork)
    {
        IDataView? view = objective.DeepFeatureReweighting.ReweightingSet;
        RequireSame(session, isGiven: view is not null);
        // Read first: a fault in these rows must not cost a training.
        using TrainingSet? given = view is null ? null : session.Read(GivenRows, view);
        TrainingRows rows = given is null ? session.Training : TrainingRows.AllOf(given);
        if (session.Training.ClassLackingIn(rows) is { } lacking)
        {
            throw new ArgumentException($"{Option} has no rows of the class "
                + $"'{session.Training.Set.ClassNames[lacking]}': a head fitted anew on it could never say that class.");
        }

        trainNetwork();
        if (session.Cancellation.IsAcknowledged) return;
        if (session.HasFinishedTraining)
        {
            session.Network.EndInLinear(); // the checkpoint has what was fitted
            return;
        }

        try
        {
            (double[][] weight, double[] bias) = Fit(session, objective, rows, given is not null);
            session.Network.EndInLinear().Set(weight, bias);
            session.ValidateRefitted();
        }
        catch (OperationCanceledException) when (session.Options.OnCancellation == CancellationBehavior.ReturnBest)
        {
            session.Cancellation.Acknowledge();
            session.Log("Cancelled while the head was fitted anew; the network is returned with the head that it was trained with.");
        }
    }

    /// <summary>Throws where one rank has the rows and another has not, or where a training that is resumed has lost them, or had none.
    /// Other rows are noticed when they are read.</summary>
    private static void RequireSame(TrainingSession session, bool isGiven)
    {
        if (!session.Ranks.IsSingle) session.Ranks.RequireSame(new Dictionary<string, string> { [Option] = Word(isGiven) });
        long now = isGiven ? 1 : 0;
        if (session.GetOrCompute("whether a ReweightingSet is given", () => [now])[0] == now) return;
        throw new CheckpointMismatchException(
            session.Options.CheckpointDirectory!,
            [$"{Option} was {Word(!isGiven)} and is {Word(isGiven)}"]);

        static string Word(bool given) => given ? "given" : "not given";
    }

    private static (double[][] Weight, double[] Bias) Fit(
        TrainingSession session, ObjectiveOptions objective, TrainingRows rows, bool areGiven)
    {
        StandardScaler scaler = StandardScaler.Of(Embeddings.Of(session, session.Training));
        double[] strengths = objective.DeepFeatureReweighting.Strengths;
        double strength = strengths is [double only] ? only : Tuned(session, strengths, rows, areGiven ? null : scaler);
        IEnumerable<int> draws = Enumerable.Range(0, objective.DeepFeatureReweighting.Subsets);
        long[][] subsets = [.. draws.Select(draw => Balanced(rows, session.Seeds.For("balance", draw)))];
        session.Log(FormattableString.Invariant(
            $"Deep feature reweighting: the head is fitted anew on {subsets[0].Length} rows, equally many of each group, ")
            + FormattableString.Invariant($"{subsets.Length} times with C = {strength:G4}, and averaged."));
        return Fit(session, rows, subsets, strength, scaler);
    }

    private static (double[][] Weight, double[] Bias) Fit(
        TrainingSession session, TrainingRows rows, long[][] subsets, double strength, StandardScaler scaler)
    {
        long[] needed = [.. subsets.SelectMany(subset => subset).Distinct().Order()];
        float[][] embeddings = [.. Embeddings.Of(session, rows with { Indices = needed }).SelectMany(batch => batch)];
        int[][] places = [.. subsets.Select(subset => subset.Select(row => Array.BinarySearch(needed, row)).ToArray())];
        return Head(session, rows.Set, needed, embeddings, scaler).Fit(places, strength);
    }

    private static ReweightedHead Head(
        TrainingSession session, TrainingSet set, long[] rows, float[][] embeddings, StandardScaler scaler) =>
        new(embeddings, [.. rows.Select(row => set.Labels[row])], set.Classes, scaler, session.Cancellation);

    /// <summary>
    /// The strength whose head, fitted to one balanced subset, is best on the worst group of rows that it was not fitted to. For training
    /// rows those are the validation rows, where they have groups; else the rows are halved.
    /// </summary>
    private static double Tuned(TrainingSession session, double[] strengths, TrainingRows rows, StandardScaler? scaler)
    {
        (TrainingRows fitted, TrainingRows tuned) = scaler is not null && session.Validation is { Set.Groups: not null } validation
            ? (rows, validation)
            : Halves(rows, session.Seeds.For("halves"));
        if (tuned.Indices.Length == 0)
        {
            session.Log(FormattableString.Invariant(
                $"Deep feature reweighting: C cannot be tuned, because no group has two rows. C = {strengths[0]:G4} is used."));
            return strengths[0];
        }

        long[] subset = Balanced(fitted, session.Seeds.For("tuning"));
        float[][] embeddings = [.. Embeddings.Of(session, fitted with { Indices = subset }).SelectMany(batch => batch)];
        ReweightedHead head = Head(session, fitted.Set, subset, embeddings, scaler ?? StandardScaler.Of([embeddings]));
        float[][] unseen = [.. Embeddings.Of(session, tuned).SelectMany(batch => batch)];
        int[] labels = [.. tuned.Indices.Select(row => tuned.Set.Labels[row])];
        int[] groups = [.. tuned.Indices.Select(row => tuned.Set.Groups![row])];
        int[] all = [.. Enumerable.Range(0, subset.Length)];
        (double Strength, double WorstGroup)[] tried = [.. strengths.Select(strength => (strength, WorstGroup(head.Fit([all], strength))))];
        string found = string.Join(", ", tried.Select(each => FormattableString.Invariant($"{each.WorstGroup:F4} at {each.Strength:G4}")));
        session.Log($"Deep feature reweighting: worst group by C: {found}.");
        return tried.MaxBy(each => each.WorstGroup).Strength; // the first of equals

        double WorstGroup((double[][] Weight, double[] Bias) layer) =>
            EpochSelection.Score(SelectionMetric.WorstGroupAccuracy, [.. unseen.Select(row => Predicted(layer, row))], labels, groups);
    }

    private static long Predicted((double[][] Weight, double[] Bias) layer, float[] row)
    {
        double[] values = [.. row.Select(value => (double)value)];
        IEnumerable<double> scores = layer.Weight.Zip(layer.Bias, (weight, bias) => TensorPrimitives.Dot<double>(weight, values) + bias);
        return TensorPrimitives.IndexOfMax<double>([.. scores]);
    }

    /// <summary>Equally many rows of each group: as many as the smallest has.</summary>
    private static long[] Balanced(TrainingRows rows, SeedSequence seeds)
    {
        long[][] groups = rows.ByGroup();
        int least = groups.Min(group => group.Length);
        return [.. groups.SelectMany((group, i) => Drawn(group, seeds.For("group", i))).Order()];

        IEnumerable<long> Drawn(long[] group, SeedSequence seed) =>
            seed.Permutation(group.Length).Take(least).Select(place => group[place]);
    }

    /// <summary>Halves of each group, drawn at random: those to fit to, which have the odd row, and those to tune on.</summary>
    private static (TrainingRows Fitted, TrainingRows Tuned) Halves(TrainingRows rows, SeedSequence seeds)
    {
        List<long> fitted = [], tuned = [];
        foreach ((int i, long[] group) in rows.ByGroup().Index())
        {
            long[] order = seeds.For("group", i).Permutation(group.Length);
            for (int place = 0; place < order.Length; place++) (place % 2 == 0 ? fitted : tuned).Add(group[order[place]]);
        }

        return (rows with { Indices = [.. fitted.Order()] }, rows with { Indices = [.. tuned.Order()] });
    }
}
