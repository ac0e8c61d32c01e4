namespace Quickstart;

/// <summary>Mean and sample standard deviation; the deviation of a single value is 0.</summary>
internal readonly record struct Statistics(double Mean, double Deviation)
{
    /// <summary>Computes them.</summary>
    public static Statistics Of(IEnumerable<double> values)
    {
        double[] all = [.. values];
        double mean = all.Average();
        return new Statistics(mean, all.Length < 2 ? 0 : Math.Sqrt(all.Sum(value => (value - mean) * (value - mean)) / (all.Length - 1)));
    }
}
