namespace Microsoft.ML.EarlyReadout;

/// <summary>The mean of numbers that differ by chance, such as the figures of some seeds.</summary>
/// <param name="Value">The mean.</param>
/// <param name="Variance">The variance of the numbers, as a sample's; 0 of one number.</param>
/// <param name="Count">How many numbers there are.</param>
internal readonly record struct SampleMean(double Value, double Variance, int Count)
{
    /// <summary>The standard deviation of the numbers.</summary>
    public double Deviation => Math.Sqrt(Variance);

    /// <summary>How likely a mean as far from zero as this is by chance, if the true one is zero; 1 of one number.</summary>
    public double P => Count < 2 || Value == 0 ? 1 : StudentT.Beyond(Value / Error, Count - 1);

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

    /// <summary>The interval of the mean by Student's t; <see langword="null"/> of one number, which has no spread.</summary>
    /// <param name="confidence">The probability that it holds the true mean, above 0 and below 1.</param>
    public (double Low, double High)? Interval(double confidence)
    {
        if (Count < 2) return null;
        double margin = StudentT.TwoSided(confidence, Count - 1) * Error;
        return (Value - margin, Value + margin);
    }
}
