namespace Microsoft.ML.EarlyReadout;

/// <summary>The SplitMix64 generator (Steele, Lea and Flood, 2014): a stream of 64-bit numbers from a 64-bit seed.</summary>
/// <threadsafety>Not thread-safe: each use has its own.</threadsafety>
internal struct SplitMix64(ulong seed)
{
    private ulong _state = seed;

    /// <summary>The next 64 bits.</summary>
    public ulong Next() => Mix(_state += 0x9e3779b97f4a7c15);

    /// <summary>A number in [0, <paramref name="bound"/>), each equally likely (Lemire, 2019).</summary>
    public ulong NextBelow(ulong bound)
    {
        ulong high = Math.BigMul(Next(), bound, out ulong low);
        if (low < bound)
            for (ulong threshold = unchecked(0 - bound) % bound; low < threshold;)
                high = Math.BigMul(Next(), bound, out low);
        return high;
    }

    /// <summary>A number in [0, 1), in steps of 2⁻⁵³.</summary>
    public double NextDouble() => (Next() >> 11) * (1.0 / (1UL << 53));

    /// <summary>A number from one bound to another.</summary>
    public double NextBetween(double from, double to) => from + (to - from) * NextDouble();

    /// <summary>The generator's output function: a bijection whose every output bit depends on every input bit.</summary>
    public static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        return z ^ (z >> 31);
    }
}
