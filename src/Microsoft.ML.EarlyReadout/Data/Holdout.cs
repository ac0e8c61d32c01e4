namespace Microsoft.ML.EarlyReadout;

/// <summary>Splits training rows into a part to train on and a part held out for validation.</summary>
internal static class Holdout
{
    /// <summary>
    /// Splits by class: each class gives its share, rounded by largest remainder so that the parts add up, and keeps at least one row to train on. Equal seeds split equally.
    /// </summary>
    /// <param name="labels">The class of each row, from 0.</param>
    /// <param name="fraction">The part to hold out, above 0 and below 1.</param>
    /// <param name="seed">The seed.</param>
    /// <returns>The rows of the two parts, each ascending.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The fraction is out of range.</exception>
    /// <exception cref="InvalidDataException">One of the parts would be empty.</exception>
    public static (long[] Train, long[] Validation) Split(int[] labels, double fraction, ulong seed)
    {
        if (!(fraction > 0 && fraction < 1))
            throw new ArgumentOutOfRangeException(nameof(fraction), FormattableString.Invariant($"The validation fraction is {fraction}; it must be above 0 and below 1."));
        var byClass = RowsByClass(labels);
        int[] shares = Shares(byClass, fraction, labels.Length);
        var isHeldOut = new bool[labels.Length];
        var random = new SplitMix64(seed);
        for (int c = 0; c < byClass.Length; c++)
        {
            var rows = byClass[c];
            for (int drawn = 0; drawn < shares[c]; drawn++)
            {
                int other = drawn + (int)random.NextBelow((ulong)(rows.Count - drawn));
                (rows[drawn], rows[other]) = (rows[other], rows[drawn]);
                isHeldOut[rows[drawn]] = true;
            }
        }
        long heldOut = shares.Sum(each => (long)each);
        if (heldOut == 0)
        {
            throw new InvalidDataException(FormattableString.Invariant(
                $"The validation part of {fraction} would be empty: there are {labels.Length} training rows, and each class keeps one to train on. Raise ValidationFraction, give a ValidationSet, or train without validation."));
        }
        var (train, validation) = (new List<long>(labels.Length), new List<long>((int)heldOut));
        for (int row = 0; row < labels.Length; row++)
            (isHeldOut[row] ? validation : train).Add(row);
        return ([.. train], [.. validation]);
    }

    private static List<int>[] RowsByClass(int[] labels)
    {
        int classes = labels.Length == 0 ? 0 : labels.Max() + 1;
        var byClass = new List<int>[classes];
        for (int c = 0; c < classes; c++)
            byClass[c] = [];
        for (int row = 0; row < labels.Length; row++)
            byClass[labels[row]].Add(row);
        return byClass;
    }

    private static int[] Shares(List<int>[] byClass, double fraction, int rows)
    {
        int[] shares = [.. byClass.Select(each => Math.Max(0, Math.Min((int)(each.Count * fraction), each.Count - 1)))];
        long rest = (long)Math.Round(rows * fraction) - shares.Sum(each => (long)each);
        var byRemainder = Enumerable.Range(0, shares.Length)
            .Where(c => shares[c] < byClass[c].Count - 1)
            .OrderByDescending(c => byClass[c].Count * fraction - shares[c]).ThenBy(c => c);
        foreach (int c in byRemainder.Take((int)Math.Max(0, rest)).ToArray())
            shares[c]++;
        return shares;
    }
}
