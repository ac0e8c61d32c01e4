namespace Microsoft.ML.EarlyReadout;

/// <summary>Which rows an epoch visits, and in which order: the same for equal seeds, so that a training that goes on within an epoch
/// draws what it drew before.</summary>
internal static class EpochOrder
{
    private const int Window = 16; // batches

    /// <summary>Every row once.</summary>
    public static long[] Shuffled(TrainingRows rows, SeedSequence seed)
    {
        long[] order = seed.Permutation(rows.Indices.Length);
        for (int i = 0; i < order.Length; i++) order[i] = rows.Indices[order[i]];
        return order;
    }

    /// <summary>
    /// The same rows, those of like length together: within each window of batches rows stand by length, so that a batch that is as long
    /// as its longest row has little padding. Which batch comes when is drawn anew.
    /// </summary>
    /// <param name="order">The rows of an epoch in their order.</param>
    /// <param name="batches">Cuts them.</param>
    /// <param name="lengthOf">The length of a row.</param>
    /// <param name="seed">Draws the order of the batches; the last stays the last, since it may have another size.</param>
    public static long[] ByLength(long[] order, BatchPlan batches, Func<long, int> lengthOf, SeedSequence seed)
    {
        long[] sorted = [.. order];
        for (int first = 0; first < batches.Count; first += Window)
        {
            Range window = batches[first].Start..batches[Math.Min(first + Window, batches.Count) - 1].End;
            long[] rows = sorted[window];
            rows = [.. rows.OrderBy(lengthOf)]; // stable, so that equal lengths stay as they were drawn
            rows.CopyTo(sorted.AsSpan(window));
        }

        long[] turns = [.. seed.Permutation(batches.Count - 1), batches.Count - 1];
        return [.. turns.SelectMany(batch => sorted[batches[(int)batch]])];
    }

    /// <summary>
    /// As many draws as there are rows, with replacement: each time every group that has rows is equally likely, and in it every row. A
    /// row of group g is drawn with probability <c>1 / (G·n_g)</c>.
    /// </summary>
    public static long[] GroupBalanced(TrainingRows rows, SeedSequence seed)
    {
        long[][] groups = rows.ByGroup();
        var numbers = seed.Numbers();
        long[] order = new long[rows.Indices.Length];
        for (int i = 0; i < order.Length; i++)
        {
            long[] group = groups[numbers.NextBelow((ulong)groups.Length)];
            order[i] = group[numbers.NextBelow((ulong)group.Length)];
        }

        return order;
    }
}
