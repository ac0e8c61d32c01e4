namespace Microsoft.ML.EarlyReadout;

/// <summary>The mean of numbers that differ by chance, such as the figures of some seeds.</summary>
/// <param name="Value">The mean.</param>
/// <param name="Variance">The variance of the numbers, as a sample's; 0 of one number.</param>
/// <param name="Count">How many numbers there are.</param>
internal readonly record struct SampleMean(double Value, double Variance, int Count)
{
    /// <summary>How far numbers lie apart by rounding alone: they are shares of rows and differences of such.</summary>
    public const double Rounding = 1e-12;

    /// <summary>The standard deviation of the numbers.</summary>
    public double Deviation => Math.Sqrt(Variance);

    /// <summary>
    /// How likely a mean as far from zero as this is by chance, if the true one is zero; 1 without <see cref="HasSpread"/>.
    /// </summary>
    public double P => HasSpread ? StudentT.Beyond(Value / Error, Count - 1) : 1;

    /// <summary>Whether the numbers differ. One number, or several equal ones, do not tell how far others would lie from them.</summary>
    public bool HasSpread => Count > 1 && Deviation > Rounding;

    private double Error => Math.Sqrt(Variance / Count);

    /// <summary>Works it out.</summary>
    /// <param name="numbers">The numbers, at least one.</param>
    public static SampleMean Of(IEnumerable<double> numbers)
    {
        double[] all = [.. numbers];
        double mean = all.Average();
        double variance = all.Length < 2 ? 0 : all.Sum(number => Math.Pow(number - mean, 2)) / (all.Length - 1);
        return new SampleMean(mean, variance, all.Length);
    }

    /// <summary>The interval of the mean by Student's t; <see langword="null"/> without <see cref="HasSpread"/>.</summary>
    /// <param name="confidence">The probability that it holds the true mean, above 0 and below 1.</param>
    public (double Low, double High)? Interval(double confidence)
    {
        if (!HasSpread) return null;
        double margin = StudentT.TwoSided(confidence, Count - 1) * Error;
        return (Value - margin, Value + margin);
    }
}
