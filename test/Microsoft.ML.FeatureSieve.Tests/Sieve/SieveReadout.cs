using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

/// <summary>The readout of a sieve, named as its trainer names it.</summary>
internal static class SieveReadout
{
    public static TappedReadout Create(StagedNetwork network, ReadoutOptions options, ulong seed) =>
        new("readout", options.Stage, ReadoutFactory.Create(network, options, seed));
}
