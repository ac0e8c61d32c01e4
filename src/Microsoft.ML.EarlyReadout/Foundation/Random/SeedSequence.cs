using System.Diagnostics.CodeAnalysis;

namespace Microsoft.ML.EarlyReadout.Training;

/// <summary>
/// Derives independent seeds from a run's seed, so that what one part draws never depends on what another part drew before:
/// the batches of epoch 7 are the same whether or not training was resumed, validated or augmented.
/// </summary>
/// <param name="Seed">The 64 bits that this sequence stands for.</param>
/// <threadsafety>Immutable. No member touches a global random-number generator.</threadsafety>
[Experimental(ExperimentalId.OwnMethod)]
public readonly record struct SeedSequence(ulong Seed)
{
    /// <summary>The sequence of a run.</summary>
    /// <param name="seed">The run's seed; every number is allowed.</param>
    public static SeedSequence Of(long seed) => new(SplitMix64.Mix(unchecked((ulong)seed) + 0x9e3779b97f4a7c15));

    /// <summary>The sequence of one purpose at one time.</summary>
    /// <param name="purpose">What is drawn, such as "shuffle".</param>
    /// <param name="epoch">The epoch, where that matters.</param>
    /// <param name="step">The step in the epoch, where that matters.</param>
    public SeedSequence For(string purpose, long epoch = 0, long step = 0)
    {
        ulong state = Seed;
        foreach (char letter in purpose)
            state = Absorb(state, letter);
        // The length keeps ("a", 98) apart from ("ab", …).
        return new(Absorb(Absorb(Absorb(state, purpose.Length), epoch), step));
    }

    /// <summary>The seed for a torch generator.</summary>
    public long TorchSeed => unchecked((long)Seed);

    /// <summary>A stream of random numbers.</summary>
    internal SplitMix64 Numbers() => new(Seed);

    /// <summary>The numbers 0 … <paramref name="count"/> − 1 in random order (Fisher and Yates): each order equally likely.</summary>
    /// <param name="count">How many, not negative.</param>
    public long[] Permutation(long count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        long[] order = new long[count];
        var numbers = Numbers();
        for (long i = 0; i < count; i++)
        {
            long other = (long)numbers.NextBelow((ulong)i + 1);
            order[i] = order[other];
            order[other] = i;
        }
        return order;
    }

    private static ulong Absorb(ulong state, long value) => SplitMix64.Mix((state ^ unchecked((ulong)value)) + 0x9e3779b97f4a7c15);
}
