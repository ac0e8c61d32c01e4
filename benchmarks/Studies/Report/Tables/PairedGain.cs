using Quickstart;

namespace Studies;

/// <summary>What a method gains over the baseline, from the differences seed by seed, in the words of a table.</summary>
/// <param name="Difference">The mean difference.</param>
/// <param name="Interval">Its 95 % interval by Student's t; a dash where the seeds are too few or too many for one.</param>
/// <param name="Verdict">better, worse or no difference, as the interval lies above, below or across zero.</param>
internal sealed record PairedGain(string Difference, string Interval, string Verdict)
{
    /// <summary>Works it out.</summary>
    /// <param name="method">The method.</param>
    /// <param name="baseline">The baseline on the same seeds.</param>
    public static PairedGain Of(ComparedMethod method, ComparedMethod baseline)
    {
        double[] differences = [.. method.Primary.Zip(baseline.Primary, (with, without) => with - without)];
        string mean = Percentage.Difference(differences.Average());
        if (differences.Length is < 2 or > PairedDifference.MostSeeds) return new PairedGain(mean, "–", "–");
        (double low, double high) = PairedDifference.Interval(differences);
        string verdict = low > 0 ? "better" : high < 0 ? "worse" : "no difference";
        return new PairedGain(mean, $"{Percentage.Difference(low)} to {Percentage.Difference(high)}", verdict);
    }
}
