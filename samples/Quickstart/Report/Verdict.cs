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
        (double Low, double High)? interval = pairs.Length == 1
            ? PairedDifference.Interval(pairs[0].Plain.ConflictHits, pairs[0].Sieve.ConflictHits)
            : PairedDifference.Interval(conflicting);
        string basis = pairs.Length == 1
            ? "on these test images, one seed"
            : FormattableString.Invariant($"over {pairs.Length} seeds, test images");
        string range = interval is { } ends
            ? $", from {Points(ends.Low)} to {Points(ends.High)} (95 % interval of the difference {basis})"
            : $" (no 95 % interval of the difference {basis}: all seeds give the same, which does not tell how far other seeds would lie "
                + "from it; confirm on more seeds or images)";
        return $"Where the background conflicts, {sieve} {Outcome(interval)}: {Points(conflicting.Average())} points{range}. "
            + $"Where it agrees: {Points(Differences(run => run.AgreeingAccuracy).Average())} points.";

        double[] Differences(Func<Run, double> figure) => [.. pairs.Select(pair => figure(pair.Sieve) - figure(pair.Plain))];
    }

    private static string Outcome((double Low, double High)? interval) => interval switch
    {
        ( > 0, _) => "wins over plain training",
        (_, < 0) => "loses to plain training",
        _ => "shows no difference beyond the uncertainty",
    };

    private static string Points(double difference) => (100 * difference).ToString("+0.0;−0.0;0.0", CultureInfo.InvariantCulture);
}
