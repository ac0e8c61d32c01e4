namespace Microsoft.ML.EarlyReadout;

/// <summary>Splits training rows into a part to train on and a part held out for validation.</summary>
internal static class Holdout
{
    /// <summary>
    /// Splits each stratum of two rows or more by the fraction, so that the parts add up to it. Where they give as many rows as there are
    /// such strata, each gives at least one, and the large ones fewer in return. Each keeps at least one to train on. Equal seeds split
    /// equally.
    /// </summary>
    /// <param name="strata">What each row is counted with, from 0: its group where groups are known, else its class.</param>
    /// <param name="fraction">The part to hold out, above 0 and below 1.</param>
    /// <param name="seed">The seed.</param>
    /// <returns>The rows of the two parts, each ascending.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The fraction is out of range.</exception>
    /// <exception cref="InvalidDataException">One of the parts would be empty.</exception>
    public static (long[] Train, long[] Validation) Split(int[] strata, double fraction, ulong seed)
    {
        if (!(fraction > 0 && fraction < 1))
            throw new ArgumentOutOfRangeException(
                nameof(fraction), FormattableString.Invariant($"The validation fraction is {fraction}; it must be above 0 and below 1."));
        int[] counts = Counts(strata);
        int[] shares = Shares(counts, fraction);
        int heldOut = shares.Sum();
        if (heldOut == 0)
        {
            throw new InvalidDataException(FormattableString.Invariant(
                $"The validation part of {fraction} would be empty: there are {strata.Length} training rows, and each class or group ")
                    + "keeps one to train on. "
                + "Raise ValidationFraction, give a ValidationSet, or train without validation.");
        }
        bool[] isHeldOut = Draw(strata, counts, shares, seed);
        var (train, validation) = (new long[strata.Length - heldOut], new long[heldOut]);
        int trained = 0, validated = 0;
        for (int row = 0; row < strata.Length; row++)
        {
            if (isHeldOut[row]) validation[validated++] = row;
            else train[trained++] = row;
        }
        return (train, validation);
    }

    private static int[] Counts(int[] strata)
    {
        int[] counts = new int[strata.Length == 0 ? 0 : strata.Max() + 1];
        foreach (int stratum in strata)
            counts[stratum]++;
        return counts;
    }

    private static int[] Shares(int[] counts, double fraction)
    {
        int[] shares = new int[counts.Length];
        List<int> divided = [.. Enumerable.Range(0, counts.Length).Where(stratum => counts[stratum] > 1)];
        int rest = (int)Math.Round(divided.Sum(stratum => counts[stratum]) * fraction);
        bool oneEach = rest >= divided.Count;
        double part = fraction;
        // Those that would give less than a row give one, which leaves less for the others, so that more of them may fall below.
        while (oneEach && divided.FindAll(stratum => counts[stratum] * part < 1) is { Count: > 0 } small)
        {
            small.ForEach(stratum => shares[stratum] = 1);
            divided.RemoveAll(stratum => shares[stratum] > 0);
            rest -= small.Count;
            part = Math.Min(fraction, rest / (double)Math.Max(1, divided.Sum(stratum => counts[stratum])));
        }
        foreach (int stratum in divided)
            rest -= shares[stratum] = Math.Min((int)(counts[stratum] * part), counts[stratum] - 1);
        int[] byRemainder = [.. divided.Where(stratum => shares[stratum] < counts[stratum] - 1)
            .OrderByDescending(stratum => counts[stratum] * part - shares[stratum]).ThenBy(stratum => stratum)];
        foreach (int stratum in byRemainder.Take(Math.Max(0, rest)))
            shares[stratum]++;
        return shares;
    }

    private static bool[] Draw(int[] strata, int[] counts, int[] shares, ulong seed)
    {
        // The rows, one stratum after the other.
        int[] rows = new int[strata.Length], next = new int[counts.Length];
        for (int stratum = 1; stratum < counts.Length; stratum++)
            next[stratum] = next[stratum - 1] + counts[stratum - 1];
        for (int row = 0; row < strata.Length; row++)
            rows[next[strata[row]]++] = row;

        var isHeldOut = new bool[strata.Length];
        var random = new SplitMix64(seed);
        for (int stratum = 0, first = 0; stratum < counts.Length; first += counts[stratum++])
        {
            for (int drawn = 0; drawn < shares[stratum]; drawn++)
            {
                int place = first + drawn, other = place + (int)random.NextBelow((ulong)(counts[stratum] - drawn));
                (rows[place], rows[other]) = (rows[other], rows[place]);
                isHeldOut[rows[place]] = true;
            }
        }
        return isHeldOut;
    }
}
