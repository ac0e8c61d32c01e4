namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// The SplitMix64 generator (Steele, Lea and Flood, 2014): 64 bits of state, equal numbers from equal seeds on every platform and in every version of .NET.
/// A mutable struct: pass it by reference.
/// </summary>
/// <param name="seed">The seed; every value is as good as another.</param>
internal struct SplitMix64(ulong seed)
{
    private ulong _state = seed;

    /// <summary>The next 64 bits.</summary>
    public ulong Next()
    {
        _state += 0x9E3779B97F4A7C15;
        ulong mixed = (_state ^ (_state >> 30)) * 0xBF58476D1CE4E5B9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
        return mixed ^ (mixed >> 31);
    }

    /// <summary>A number from 0 to below a bound; its bias is below bound / 2⁶⁴.</summary>
    /// <param name="bound">The bound, at least 1.</param>
    public long Next(long bound) => (long)Math.BigMul(Next(), (ulong)bound, out _);
}
