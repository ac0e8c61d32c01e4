namespace Microsoft.ML.EarlyReadout;

/// <summary>Which rows an epoch visits, and in which order: the same for equal seeds, so that a training that goes on within an epoch
/// draws what it drew before.</summary>
internal static class EpochOrder
{
    /// <summary>Every row once.</summary>
    public static long[] Shuffled(TrainingRows rows, SeedSequence seed)
    {
        long[] order = seed.Permutation(rows.Indices.Length);
        for (int i = 0; i < order.Length; i++) order[i] = rows.Indices[order[i]];
        return order;
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
