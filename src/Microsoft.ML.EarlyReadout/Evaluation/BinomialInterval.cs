namespace Microsoft.ML.EarlyReadout;

/// <summary>Confidence intervals of accuracies: exact, hence without resampling and without a seed.</summary>
/// <remarks>
/// <para>
/// Of n rows k are right: k is Binomial(n, p) where p is the true accuracy. The interval of Clopper and Pearson (1934) holds every p that
/// does not make so few, or so many, right rows improbable. It covers the truth at least as often as it says for every n and every p.
/// Approximations do not where accuracies are high or groups are small: of nominal 95 %, the bootstrap covers 87 % at n = 68 and p = .97,
/// and Wilson's interval 84 % at n = 68 and p = .9975.
/// </para>
/// <para>
/// The worst group is a minimum, whose own interval would be too low: with several equal groups the least one is bad luck. Hence two
/// one-sided bounds. Lower: the least of the groups' lower bounds; the truly worst group's own bound is not below it. Upper: the least of
/// the groups' upper bounds, each at tail α/(2G) (Bonferroni), since the worst group's accuracy is at most every group's. Each bound fails
/// in at most α/2 of all cases, so this interval, too, covers at least as often as it says.
/// </para>
/// <para>
/// The mean of the groups' accuracies takes each group's interval and adds the distances to the estimates in squares, as variances are
/// added ("MOVER": Zou and Donner, 2008). It covers 93 % or more.
/// </para>
/// </remarks>
internal static class BinomialInterval
{
    // Halvings of [0, 1]: to about 1e-15.
    private const int Halvings = 50;

    /// <summary>The interval of one accuracy.</summary>
    public static ConfidenceInterval Of(long correct, long count, double confidence)
    {
        double tail = (1 - confidence) / 2;
        return new ConfidenceInterval(Lower(correct, count, tail), Upper(correct, count, tail));
    }

    /// <summary>The interval of the least of the groups' accuracies, whichever group has it.</summary>
    public static ConfidenceInterval OfWorst(IReadOnlyList<(long Correct, long Count)> groups, double confidence)
    {
        double tail = (1 - confidence) / 2;
        return new ConfidenceInterval(
            groups.Min(group => Lower(group.Correct, group.Count, tail)),
            groups.Min(group => Upper(group.Correct, group.Count, tail / groups.Count)));
    }

    /// <summary>The interval of the plain mean of the groups' accuracies.</summary>
    public static ConfidenceInterval OfMean(IReadOnlyList<(long Correct, long Count)> groups, double confidence)
    {
        double mean = 0, below = 0, above = 0;
        foreach ((long correct, long count) in groups)
        {
            double accuracy = (double)correct / count;
            ConfidenceInterval interval = Of(correct, count, confidence);
            mean += accuracy / groups.Count;
            below += Math.Pow((accuracy - interval.Low) / groups.Count, 2);
            above += Math.Pow((interval.High - accuracy) / groups.Count, 2);
        }
        return new ConfidenceInterval(Math.Max(0, mean - Math.Sqrt(below)), Math.Min(1, mean + Math.Sqrt(above)));
    }

    /// <summary>The accuracy at which so many right rows, or more, have the probability <paramref name="tail"/>.</summary>
    private static double Lower(long correct, long count, double tail)
    {
        double low = 0, high = (double)correct / count; // there the probability is about a half
        if (correct == 0) return 0;
        for (int i = 0; i < Halvings; i++)
        {
            double middle = (low + high) / 2;
            if (AtLeast(correct, count, middle) < tail) low = middle;
            else high = middle;
        }
        return low;
    }

    // Wrong rows are right rows of the complement.
    private static double Upper(long correct, long count, double tail) => 1 - Lower(count - correct, count, tail);

    /// <summary>P(X ≥ correct) of X ~ Binomial(count, accuracy), the accuracy above 0 and below 1.</summary>
    private static double AtLeast(long correct, long count, double accuracy)
    {
        long mode = Math.Min(count, (long)((count + 1) * accuracy));

        // Probabilities relative to the mode's, walking outwards until they no longer matter: O(√count) terms whatever the count.
        const double negligible = 1e-18;
        double all = 1, tail = mode >= correct ? 1 : 0, ratio = 1;
        for (long k = mode; k > 0 && (ratio *= k / (count - k + 1.0) * (1 - accuracy) / accuracy) > negligible; k--)
        {
            all += ratio;
            if (k > correct) tail += ratio; // of k − 1
        }
        ratio = 1;
        for (long k = mode; k < count && (ratio *= (count - k) / (k + 1.0) * accuracy / (1 - accuracy)) > negligible; k++)
        {
            all += ratio;
            if (k >= correct - 1) tail += ratio; // of k + 1
        }
        return tail / all;
    }
}
