using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Builds the readout that options describe, fit to a network's stage.</summary>
internal static class ReadoutFactory
{
    /// <summary>Builds a readout on the CPU, in training mode.</summary>
    /// <param name="network">The network that it reads, on any device.</param>
    /// <param name="options">Stage, depth and width; a width of null is that of the stage.</param>
    /// <param name="seed">Draws the initial weights.</param>
    /// <exception cref="ArgumentException">The network has no such stage; the message names those it has.</exception>
    public static ReadoutHead Create(StagedNetwork network, ReadoutOptions options, ulong seed)
    {
        StageTap.Check(network, options.Stage);
        (FeatureShape tap, Layer[] pool) = StageTap.WithPool(network, options.Stage);
        var readout = new ReadoutHead(tap, pool, options.Depth!.Value, options.Width ?? tap.Channels, network.ClassCount);
        using var generator = new Generator(seed, CPU);
        readout.Initialize(generator);
        return readout;
    }
}
