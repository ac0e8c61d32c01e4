namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// Percentile bootstrap intervals of accuracies, exact: without resampling, hence without a seed.
/// </summary>
/// <remarks>
/// <para>
/// Drawing n rows with replacement from n rows of which k are right gives Binomial(n, k/n) right rows. The bootstrap distribution of an
/// accuracy is therefore known, and its quantiles are those that infinitely many resamples would give.
/// </para>
/// <para>
/// The resampled proportion is (k + ½)/(n + 1) rather than k/n. With k/n a group that is all right (or all wrong) always resamples to itself
/// and its interval is a point: at n = 20 and a true accuracy of .95, such 95 % intervals cover the truth 64 % of the time, and these 99.7 %.
/// From about n = 50 on the two cover alike.
/// </para>
/// <para>
/// The worst group is a minimum, and the bootstrap of a minimum is biased down twice: with ten groups of 60 rows that are all right 80 % of the time,
/// its percentile interval covers the truth 1 % of the time. Hence two one-sided bounds. Lower: the least of the groups' lower bounds; the truly
/// worst group's own bound is not below it. Upper: the least of the groups' upper bounds, each at tail α/(2G) (Bonferroni), since the worst group's accuracy
/// is at most every group's. This errs towards covering too often (97–99 % in the same trials).
/// </para>
/// </remarks>
internal static class BinomialBootstrap
{
    public static ConfidenceInterval Interval(long correct, long count, double confidence)
    {
        double tail = (1 - confidence) / 2;
        double[] quantiles = Quantiles(correct, count, tail, 1 - tail);
        return new ConfidenceInterval(quantiles[0], quantiles[1]);
    }

    public static ConfidenceInterval WorstGroupInterval(IReadOnlyList<(long Correct, long Count)> groups, double confidence)
    {
        double tail = (1 - confidence) / 2;
        double low = 1, high = 1;
        foreach (var (correct, count) in groups)
        {
            double[] quantiles = Quantiles(correct, count, tail, 1 - (tail / groups.Count));
            low = Math.Min(low, quantiles[0]);
            high = Math.Min(high, quantiles[1]);
        }
        return new ConfidenceInterval(low, high);
    }

    /// <summary>The accuracies at the given levels of the distribution Binomial(count, (correct + ½)/(count + 1))/count.</summary>
    private static double[] Quantiles(long correct, long count, params ReadOnlySpan<double> levels)
    {
        double p = (correct + 0.5) / (count + 1);
        long mode = Math.Min(count, (long)((count + 1) * p));

        // Probabilities relative to the mode's, walking outwards until they no longer matter: O(√count) terms whatever the count.
        const double negligible = 1e-18;
        List<double> below = [], above = [];
        double ratio = 1;
        for (long k = mode; k > 0 && (ratio *= k / (count - k + 1.0) * (1 - p) / p) > negligible; k--)
            below.Add(ratio);
        ratio = 1;
        for (long k = mode; k < count && (ratio *= (count - k) / (k + 1.0) * p / (1 - p)) > negligible; k++)
            above.Add(ratio);
        below.Reverse();
        double[] mass = [.. below, 1, .. above];
        long first = mode - below.Count;
        double total = mass.Sum();

        var quantiles = new double[levels.Length];
        for (int i = 0; i < levels.Length; i++)
        {
            double cumulative = 0;
            int k = 0;
            while (k < mass.Length - 1 && (cumulative += mass[k] / total) < levels[i])
                k++;
            quantiles[i] = (double)(first + k) / count;
        }
        return quantiles;
    }
}
