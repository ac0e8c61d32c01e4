using Microsoft.ML.EarlyReadout;

namespace Studies;

/// <summary>What a method gains over the baseline, from the differences seed by seed.</summary>
/// <param name="Difference">The mean difference.</param>
/// <param name="Interval">Its 95 % interval by Student's t; <see langword="null"/> of one seed, or of seeds that do not differ.</param>
/// <param name="P">How likely a difference as large as this is by chance, if there is none; 1 where there is no interval.</param>
internal sealed record PairedGain(double Difference, (double Low, double High)? Interval, double P)
{
    /// <summary>What is said where the interval contains zero: that there is no difference would be more than it tells.</summary>
    public const string NotShown = "not shown";

    private const string None = "–";
    private const double Confidence = 0.95;

    /// <summary>The interval in the words of a table.</summary>
    public string IntervalText =>
        Interval is { } ends ? $"{Percentage.Difference(ends.Low)} to {Percentage.Difference(ends.High)}" : None;

    /// <summary>better, worse or not shown, as the interval lies above, below or across zero.</summary>
    public string Verdict => Interval is not { } ends ? None : ends.Low > 0 ? "better" : ends.High < 0 ? "worse" : NotShown;

    /// <summary>Works it out.</summary>
    /// <param name="method">The method.</param>
    /// <param name="baseline">The baseline on the same seeds.</param>
    public static PairedGain Of(ComparedMethod method, ComparedMethod baseline)
    {
        var mean = SampleMean.Of(method.Primary.Zip(baseline.Primary, (with, without) => with - without));
        return new PairedGain(mean.Value, mean.Interval(Confidence), mean.P);
    }
}
