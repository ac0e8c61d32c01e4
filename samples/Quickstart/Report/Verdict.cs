using System.Globalization;

namespace Quickstart;

/// <summary>
/// One sentence on whether the sieve helped where the background misleads, and what it cost where it does not: by the 95 % interval of the
/// paired difference, of one seed over test images, of more over the seeds (Student's t), on the same test images.
/// </summary>
internal static class Verdict
{
    /// <summary>The sentence.</summary>
    public static string Of(IReadOnlyList<Run> runs) => Of(runs, "the sieve");

    /// <summary>The sentence on what a search chose.</summary>
    public static string OfSearch(IReadOnlyList<Run> runs) => Of(runs, "the sieve that the search chose");

    private static string Of(IReadOnlyList<Run> runs, string sieve)
    {
        (Run Plain, Run Sieve)[] pairs = [.. runs.Where(run => run.Method == Method.Sieve)
            .Select(run => (runs.Single(other => other.Method == Method.Plain && other.Seed == run.Seed), run))];
        double[] conflicting = Differences(run => run.ConflictingAccuracy);
        (double low, double high) = pairs.Length == 1
            ? PairedDifference.Interval(pairs[0].Plain.ConflictHits, pairs[0].Sieve.ConflictHits)
            : PairedDifference.Interval(conflicting);
        string basis = pairs.Length == 1
            ? "on these test images, one seed"
            : FormattableString.Invariant($"over {pairs.Length} seeds, test images");
        return $"Where the background conflicts, {sieve} {Outcome(low, high)}: "
            + $"{Points(conflicting.Average())} points, from {Points(low)} to {Points(high)} "
            + $"(95 % interval of the difference {basis}). Where it agrees: {Points(Differences(run => run.AgreeingAccuracy).Average())} "
            + "points.";

        double[] Differences(Func<Run, double> figure) => [.. pairs.Select(pair => figure(pair.Sieve) - figure(pair.Plain))];
    }

    private static string Outcome(double low, double high) =>
        low > 0 ? "wins over plain training"
        : high < 0 ? "loses to plain training"
        : "shows no difference beyond the uncertainty";

    private static string Points(double difference) => (100 * difference).ToString("+0.0;−0.0;0.0", CultureInfo.InvariantCulture);
}
