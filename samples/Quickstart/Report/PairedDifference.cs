namespace Quickstart;

/// <summary>The 95 % interval of how much more often the second of two models, or ways to train one, is right on the same rows.</summary>
/// <remarks>
/// Of two models after Bonett and Price (2012): one row is added that the first alone gets right, and one that the second alone does.
/// Without them the interval of two models that differ on few rows is far too narrow, and a point where they differ on none.
/// </remarks>
internal static class PairedDifference
{
    /// <summary>The most seeds whose differences have an interval here.</summary>
    public const int MostSeeds = 10;

    private const double NormalQuantile = 1.959964;
    private const double Rounding = 1e-12; // how far equal differences lie apart

    // Of Student's t, for 2 differences and more.
    private static readonly double[] Quantiles =
    [
        12.706205, 4.302653, 3.182446, 2.776445, 2.570582, 2.446912, 2.364624, 2.306004, 2.262157,
    ];

    /// <summary>Computes it.</summary>
    /// <param name="first">For each row, whether the first model is right.</param>
    /// <param name="second">For the same rows, whether the second one is.</param>
    public static (double Low, double High) Interval(bool[] first, bool[] second)
    {
        (bool First, bool Second)[] rows = [.. first.Zip(second)];
        double count = rows.Length + 2;
        double lost = (rows.Count(row => row.First && !row.Second) + 1) / count,
            won = (rows.Count(row => !row.First && row.Second) + 1) / count;
        double half = NormalQuantile * Math.Sqrt((won + lost - (won - lost) * (won - lost)) / count);
        return (won - lost - half, won - lost + half);
    }

    /// <summary>Computes it for two ways to train, from the differences of models that were trained from the same seeds.</summary>
    /// <param name="differences">The second's accuracy less the first's, seed by seed: from 2 to 10 of them.</param>
    /// <returns>The interval; <see langword="null"/> where all are equal: they do not tell how far others would lie from them.</returns>
    public static (double Low, double High)? Interval(double[] differences)
    {
        Statistics all = Statistics.Of(differences);
        if (all.Deviation <= Rounding) return null;
        double half = Quantiles[differences.Length - 2] * all.Deviation / Math.Sqrt(differences.Length);
        return (all.Mean - half, all.Mean + half);
    }
}
