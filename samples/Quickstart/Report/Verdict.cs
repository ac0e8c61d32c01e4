using System.Globalization;

namespace Quickstart;

/// <summary>
/// One sentence on whether the sieve helped where the background misleads. With one seed it goes by the 95 % interval of the paired difference over test images;
/// with more by the larger of the two methods' standard deviations over the seeds.
/// </summary>
internal static class Verdict
{
    /// <summary>The sentence.</summary>
    public static string Of(IReadOnlyList<Run> runs)
    {
        Run[] plain = [.. runs.Where(run => run.Method == Method.Plain)];
        Run[] sieve = [.. runs.Where(run => run.Method == Method.Sieve)];
        double difference = Mean(sieve, run => run.ConflictingAccuracy) - Mean(plain, run => run.ConflictingAccuracy);
        double spread = Spread(plain, sieve);
        (double low, double high) = plain.Length == 1
            ? PairedDifference.Interval(plain[0].ConflictHits, sieve[0].ConflictHits)
            : (difference - spread, difference + spread);
        string basis = plain.Length == 1 ? "95 % interval of the difference on these test images, one seed" : $"± the larger standard deviation of the two over {plain.Length} seeds";
        double cost = Mean(sieve, run => run.AgreeingAccuracy) - Mean(plain, run => run.AgreeingAccuracy);
        return string.Create(CultureInfo.InvariantCulture,
            $"Where the background conflicts, the sieve {Outcome(low, high)}: {Points(difference)} points, from {Points(low)} to {Points(high)} ({basis}). Where it agrees: {Points(cost)} points.");
    }

    /// <summary>
    /// The sentence on what a search chose: by the 95 % interval (Student's t) of the differences seed by seed, on the same test images.
    /// </summary>
    public static string OfSearch(IReadOnlyList<Run> runs)
    {
        double[] conflicting = Differences(runs, run => run.ConflictingAccuracy), agreeing = Differences(runs, run => run.AgreeingAccuracy);
        (double low, double high) = PairedDifference.Interval(conflicting);
        return string.Create(CultureInfo.InvariantCulture,
            $"Where the background conflicts, the sieve that the search chose {Outcome(low, high)}: {Points(conflicting.Average())} points, from {Points(low)} to {Points(high)} ")
            + string.Create(CultureInfo.InvariantCulture,
                $"(95 % interval of the difference over {conflicting.Length} fresh seeds, test images). Where it agrees: {Points(agreeing.Average())} points.");
    }

    private static double[] Differences(IReadOnlyList<Run> runs, Func<Run, double> figure) =>
    [
        .. from sieve in runs
           where sieve.Method == Method.Sieve
           select figure(sieve) - figure(runs.Single(run => run.Method == Method.Plain && run.Seed == sieve.Seed)),
    ];

    private static string Outcome(double low, double high) =>
        low > 0 ? "wins over plain training"
        : high < 0 ? "loses to plain training"
        : "makes no difference beyond the uncertainty";

    private static double Spread(Run[] plain, Run[] sieve) => Math.Max(
        Statistics.Of(plain.Select(run => run.ConflictingAccuracy)).Deviation, Statistics.Of(sieve.Select(run => run.ConflictingAccuracy)).Deviation);

    private static double Mean(Run[] runs, Func<Run, double> figure) => runs.Average(figure);

    private static string Points(double difference) => (100 * difference).ToString("+0.0;−0.0;0.0", CultureInfo.InvariantCulture);
}
