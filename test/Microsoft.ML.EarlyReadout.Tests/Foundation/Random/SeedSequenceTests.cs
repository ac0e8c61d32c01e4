using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

public sealed class SeedSequenceTests
{
    [Fact]
    public void The_same_request_gives_the_same_seed_and_any_other_another()
    {
        var seeds = new HashSet<ulong>();
        foreach (long seed in new long[] { 0, 1, -1, long.MaxValue })
            foreach (string purpose in new[] { "", "a", "shuffle", "ab", "ba" })
                for (long epoch = -1; epoch < 100; epoch++)
                    for (long step = 0; step < 3; step++)
                        Assert.True(
                            seeds.Add(SeedSequence.Of(seed).For(purpose, epoch, step).Seed),
                            $"{seed} {purpose} {epoch} {step} repeats a seed");
        Assert.Equal(SeedSequence.Of(7).For("shuffle", 3), SeedSequence.Of(7).For("shuffle", 3));
        Assert.NotEqual(SeedSequence.Of(7).For("a", 'b'), SeedSequence.Of(7).For("ab"));
    }

    [Fact] // A pin: changing the derivation changes what every saved seed means.
    public void Seeds_stay_what_they_were() => Assert.Equal([4, 0, 1, 2, 3], SeedSequence.Of(1).For("shuffle").Permutation(5));

    [Fact] // The first outputs of the published generator for seed 1234567.
    public void The_generator_is_splitmix64()
    {
        var numbers = new SplitMix64(1234567);
        Assert.Equal(
            [6457827717110365317, 3203168211198807973, 9817491932198370423], new[] { numbers.Next(), numbers.Next(), numbers.Next() });
    }

    [Theory, InlineData(0), InlineData(1), InlineData(2), InlineData(1000)]
    public void A_permutation_holds_each_number_once(int count) =>
        Assert.Equal(Enumerable.Range(0, count).Select(i => (long)i), SeedSequence.Of(3).Permutation(count).Order());

    [Fact]
    public void Every_order_of_four_is_equally_likely()
    {
        const int draws = 24000;
        var counts = Enumerable.Range(0, draws)
            .GroupBy(i => string.Join("", SeedSequence.Of(5).For("shuffle", i).Permutation(4)))
            .Select(group => group.Count())
            .ToArray();
        Assert.Equal(24, counts.Length);
        double chiSquare = counts.Sum(count => Math.Pow(count - draws / 24.0, 2) / (draws / 24.0));
        Assert.True(chiSquare < 49.7, $"χ² = {chiSquare} with 23 degrees of freedom (p = 0.001)");
    }

    [Fact]
    public void Numbers_below_a_bound_are_uniform()
    {
        var numbers = SeedSequence.Of(9).Numbers();
        int[] counts = new int[6];
        for (int i = 0; i < 60000; i++)
            counts[numbers.NextBelow(6)]++;
        Assert.All(counts, count => Assert.InRange(count, 9600, 10400));
        for (int i = 0; i < 1000; i++)
            Assert.InRange(numbers.NextDouble(), 0, 1 - 1e-16);
    }
}
