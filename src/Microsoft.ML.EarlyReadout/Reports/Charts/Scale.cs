namespace Microsoft.ML.EarlyReadout;

/// <summary>Where values lie along an axis.</summary>
/// <param name="Low">The value at its beginning.</param>
/// <param name="High">The value at its end, above <paramref name="Low"/>.</param>
/// <param name="IsLog">Whether equal lengths are equal factors; both ends are then above 0.</param>
internal sealed record Scale(double Low, double High, bool IsLog = false)
{
    /// <summary>Values that differ by less than this part of them are one value to a chart.</summary>
    public const double Least = 1e-9;

    private const double LogHalf = 1.5; // a factor to either side of a lone value

    /// <summary>From one value to another, and to either side where they are one.</summary>
    public static Scale Of(double low, double high, bool isLog = false) =>
        high - low > Least * Math.Abs(high) ? new(low, high, isLog)
        : isLog ? new(low / LogHalf, low * LogHalf, true)
        : new(low - Half(low), low + Half(low));

    /// <summary>How far an axis goes to either side of a lone value. Half a unit would be nothing beside a very large one.</summary>
    public static double Half(double value) => Math.Max(0.5, Least * Math.Abs(value));

    /// <summary>The part of the way, from 0 to 1, at which a value lies.</summary>
    public double At(double value) => IsLog ? Math.Log(value / Low) / Math.Log(High / Low) : (value - Low) / (High - Low);

    /// <summary>The value at a part of the way.</summary>
    public double ValueAt(double part) => IsLog ? Low * Math.Pow(High / Low, part) : Low + (part * (High - Low));

    /// <summary>Round values to name.</summary>
    public IReadOnlyList<double> Ticks()
    {
        if (!IsLog) return Chart.Ticks(Low, High);
        double[] steps = (High / Low) switch { > 1e3 => [1], > 20 => [1, 3], _ => [1, 2, 5] };
        int first = (int)Math.Floor(Math.Log10(Low)), last = (int)Math.Floor(Math.Log10(High));
        int thinning = 1 + ((last - first) / 8);
        return
        [
            .. from power in Enumerable.Range(first, last - first + 1)
               where (power - first) % thinning == 0
               from step in steps
               let tick = step * Math.Pow(10, power)
               where tick >= Low * (1 - 1e-9) && tick <= High * (1 + 1e-9)
               select tick,
        ];
    }
}
