using System.Globalization;

namespace Quickstart;

/// <summary>
/// One sentence on whether the sieve helped where the background misleads. With one seed the yardstick is the 95 % interval of the paired difference over test images;
/// with more it is the larger of the two methods' standard deviations over the seeds.
/// </summary>
internal static class Verdict
{
    private const double NormalQuantile = 1.96;

    /// <summary>The sentence.</summary>
    public static string Of(IReadOnlyList<Run> runs)
    {
        Run[] plain = [.. runs.Where(run => run.Method == Method.Plain)];
        Run[] sieve = [.. runs.Where(run => run.Method == Method.Sieve)];
        double difference = Mean(sieve, run => run.ConflictingAccuracy) - Mean(plain, run => run.ConflictingAccuracy);
        double yardstick = plain.Length == 1 ? HalfInterval(plain[0].ConflictHits, sieve[0].ConflictHits) : Spread(plain, sieve);
        string basis = plain.Length == 1 ? "95 % interval of the difference on these test images, one seed" : $"larger standard deviation of the two over {plain.Length} seeds";
        double cost = Mean(sieve, run => run.AgreeingAccuracy) - Mean(plain, run => run.AgreeingAccuracy);
        return string.Create(CultureInfo.InvariantCulture,
            $"Where the background conflicts, the sieve {Outcome(difference, yardstick)}: {Points(difference)} points, against ± {100 * yardstick:F1} ({basis}). Where it agrees: {Points(cost)} points.");
    }

    private static string Outcome(double difference, double yardstick) =>
        difference > yardstick ? "wins over plain training"
        : difference < -yardstick ? "loses to plain training"
        : "makes no difference beyond the uncertainty";

    private static double Spread(Run[] plain, Run[] sieve) => Math.Max(
        Statistics.Of(plain.Select(run => run.ConflictingAccuracy)).Deviation, Statistics.Of(sieve.Select(run => run.ConflictingAccuracy)).Deviation);

    private static double HalfInterval(bool[] plain, bool[] sieve)
    {
        Statistics differences = Statistics.Of(plain.Zip(sieve, (p, s) => (s ? 1.0 : 0.0) - (p ? 1.0 : 0.0)));
        return NormalQuantile * differences.Deviation / Math.Sqrt(plain.Length);
    }

    private static double Mean(Run[] runs, Func<Run, double> figure) => runs.Average(figure);

    private static string Points(double difference) => (100 * difference).ToString("+0.0;−0.0;0.0", CultureInfo.InvariantCulture);
}
