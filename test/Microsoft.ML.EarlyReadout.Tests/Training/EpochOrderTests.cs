using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

/// <summary>Rows of like length stand together, and each is still visited once.</summary>
public sealed class EpochOrderTests
{
    private static readonly BatchPlan _batches = new(1003, 8);

    [Fact]
    public void By_length_every_row_comes_once_and_equal_seeds_give_equal_orders()
    {
        long[] order = ByLength(seed: 5);
        Assert.Equal(Enumerable.Range(0, 1003).Select(row => (long)row), order.Order());
        Assert.Equal(order, ByLength(seed: 5));
        Assert.NotEqual(order, ByLength(seed: 6));
    }

    [Fact]
    public void By_length_batches_have_little_padding_and_the_short_one_stays_last()
    {
        Assert.True(Padded(ByLength(seed: 5)) < 1.1 * Enumerable.Range(0, 1003).Sum(row => Length(row)));
        Assert.True(Padded(Drawn(seed: 5)) > 1.5 * Enumerable.Range(0, 1003).Sum(row => Length(row)));
        // The last window has 14 batches, of which the three longest rows are the short one.
        Assert.Equal(
            Drawn(seed: 5)[_batches[^14].Start..].Select(Length).Order().TakeLast(3),
            ByLength(seed: 5)[_batches[^1]].Select(Length));

        static int Padded(long[] order) => Enumerable.Range(0, _batches.Count)
            .Sum(batch => order[_batches[batch]] is var rows ? rows.Length * rows.Max(Length) : 0);
    }

    private static int Length(long row) => 3 + (int)(row * 7919 % 61);

    private static long[] Drawn(int seed) => new SeedSequence((ulong)seed).Permutation(1003);

    private static long[] ByLength(int seed) => EpochOrder.ByLength(Drawn(seed), _batches, Length, new SeedSequence((ulong)seed + 100));
}
