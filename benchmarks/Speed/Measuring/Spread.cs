namespace MLSieve.Speed;

/// <summary>The median of what several rounds gave, and the quarters below and above it.</summary>
internal readonly record struct Spread(double Low, double Median, double High)
{
    /// <param name="values">One of each round.</param>
    public static Spread Of(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return new(sorted[sorted.Length / 4], sorted[sorted.Length / 2], sorted[sorted.Length - 1 - (sorted.Length / 4)]);
    }

    public override string ToString() => FormattableString.Invariant($"{Median:F2} × ({Low:F2} to {High:F2})");
}
