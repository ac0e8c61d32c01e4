namespace Quickstart;

/// <summary>The 95 % interval of how much more often the second of two models is right on the same rows.</summary>
/// <remarks>
/// After Bonett and Price (2012): one row is added that the first alone gets right, and one that the second alone does. Without them the interval of two models that differ on few rows is far
/// too narrow, and a point where they differ on none.
/// </remarks>
internal static class PairedDifference
{
    private const double NormalQuantile = 1.959964;

    /// <summary>Computes it.</summary>
    /// <param name="first">For each row, whether the first model is right.</param>
    /// <param name="second">For the same rows, whether the second one is.</param>
    public static (double Low, double High) Interval(bool[] first, bool[] second)
    {
        (bool First, bool Second)[] rows = [.. first.Zip(second)];
        double count = rows.Length + 2;
        double lost = (rows.Count(row => row.First && !row.Second) + 1) / count, won = (rows.Count(row => !row.First && row.Second) + 1) / count;
        double half = NormalQuantile * Math.Sqrt((won + lost - (won - lost) * (won - lost)) / count);
        return (won - lost - half, won - lost + half);
    }
}
