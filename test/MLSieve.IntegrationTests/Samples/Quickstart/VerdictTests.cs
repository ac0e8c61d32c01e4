using Microsoft.ML;
using Microsoft.ML.Data;
using Quickstart;

namespace MLSieve.Tests;

public sealed class VerdictTests
{
    private readonly MLContext _ml = new(seed: 1);

    [Fact]
    public void Seeds_that_all_give_the_same_difference_are_no_win() => Assert.Equal(
        "Where the background conflicts, the sieve shows no difference beyond the uncertainty: +10.0 points (no 95 % interval of the "
            + "difference over 2 seeds, test images: all seeds give the same, which does not tell how far other seeds would lie from it; "
            + "confirm on more seeds or images). Where it agrees: 0.0 points.",
        Verdict.Of([Tested(1, Method.Plain, 7), Tested(1, Method.Sieve, 8), Tested(2, Method.Plain, 8), Tested(2, Method.Sieve, 9)]));

    [Fact]
    public void A_gain_from_every_seed_is_a_win_where_the_seeds_differ_little()
    {
        string verdict = Verdict.Of(
        [
            Tested(1, Method.Plain, 1), Tested(1, Method.Sieve, 9), Tested(2, Method.Plain, 2), Tested(2, Method.Sieve, 9),
            Tested(3, Method.Plain, 1), Tested(3, Method.Sieve, 9),
        ]);
        // Differences 0.8, 0.7, 0.8: mean 0.767, standard error 0.0333, t for 2 degrees of freedom 4.3027.
        Assert.StartsWith(
            "Where the background conflicts, the sieve wins over plain training: +76.7 points, from +62.3 to +91.0 (95 % interval of the "
                + "difference over 3 seeds, test images).",
            verdict, StringComparison.Ordinal);
    }

    /// <summary>A model that has all of ten agreeing test images right, and so many of ten conflicting ones.</summary>
    private Run Tested(int seed, Method method, int right)
    {
        IDataView scored = _ml.Data.LoadFromEnumerable(Enumerable.Range(0, 20).Select(i =>
        {
            uint label = (uint)(i % 2); // ML.NET takes numbers of keys in objects from 0
            return new Scored
            {
                Cue = i < 10 ? ShapeFiles.Conflicts : ShapeFiles.Agrees,
                Label = label,
                PredictedLabel = i < right || i >= 10 ? label : 1 - label,
            };
        }).ToArray());
        return Run.Evaluate(_ml, scored, seed, method, "");
    }

    private sealed class Scored
    {
        public string Cue { get; set; } = "";

        [KeyType(2)]
        public uint Label { get; set; }

        [KeyType(2)]
        public uint PredictedLabel { get; set; }

        [VectorType(2)]
        public float[] Score { get; set; } = [0.5f, 0.5f];
    }
}
