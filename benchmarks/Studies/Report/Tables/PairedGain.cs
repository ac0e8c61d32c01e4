using Microsoft.ML.EarlyReadout;
using Quickstart;

namespace Studies;

/// <summary>What a method gains over the baseline, from the differences seed by seed.</summary>
/// <param name="Difference">The mean difference.</param>
/// <param name="Interval">Its 95 % interval by Student's t; <see langword="null"/> of one seed.</param>
internal sealed record PairedGain(double Difference, (double Low, double High)? Interval)
{
    private const string None = "–";
    private const double Confidence = 0.95;

    /// <summary>The interval in the words of a table.</summary>
    public string IntervalText =>
        Interval is { } ends ? $"{Percentage.Difference(ends.Low)} to {Percentage.Difference(ends.High)}" : None;

    /// <summary>better, worse or no difference, as the interval lies above, below or across zero.</summary>
    public string Verdict => Interval is not { } ends ? None : ends.Low > 0 ? "better" : ends.High < 0 ? "worse" : "no difference";

    /// <summary>Works it out.</summary>
    /// <param name="method">The method.</param>
    /// <param name="baseline">The baseline on the same seeds.</param>
    public static PairedGain Of(ComparedMethod method, ComparedMethod baseline)
    {
        double[] differences = [.. method.Primary.Zip(baseline.Primary, (with, without) => with - without)];
        (double mean, double deviation) = Statistics.Of(differences);
        if (differences.Length < 2) return new PairedGain(mean, null);
        double half = StudentT.TwoSided(Confidence, differences.Length - 1) * deviation / Math.Sqrt(differences.Length);
        return new PairedGain(mean, (mean - half, mean + half));
    }
}
