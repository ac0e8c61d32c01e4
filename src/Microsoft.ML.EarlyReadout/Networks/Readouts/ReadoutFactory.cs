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
        CheckStage(network, options.Stage);
        FeatureShape tap = Tap(network, options.Stage);
        var readout = new ReadoutHead(tap.Channels, tap.IsImage, options.Depth!.Value, options.Width ?? tap.Channels, network.Classes);
        using var generator = new Generator(seed, CPU);
        readout.Initialize(generator);
        return readout;
    }

    /// <summary>Checks that a network has a stage, which may be done long before a readout is made.</summary>
    /// <exception cref="ArgumentException">It does not; the message names those it has.</exception>
    public static void CheckStage(StagedNetwork network, int stage)
    {
        if (stage <= network.Stages.Count) return;
        throw new ArgumentException($"A readout is to tap stage {stage}, but {network.GetName()} has {network.Stages.Count} stages: "
            + string.Join(", ", network.Stages.Select((each, index) => $"{index + 1} ({each.Name})")) + ".");
    }

    /// <summary>What the stage puts out, seen by running it once on an empty example: a network of a user's own may turn images into vectors at any stage.</summary>
    public static FeatureShape Tap(StagedNetwork network, int stage)
    {
        long[] sizes = SizesAt(network, stage);
        return sizes.Length == 4 ? FeatureShape.Image((int)sizes[1], (int)sizes[2], (int)sizes[3]) : FeatureShape.Vector((int)sizes[1]);
    }

    /// <summary>Whether a readout can be made for what the stage puts out: images or vectors.</summary>
    public static bool CanRead(StagedNetwork network, int stage) => SizesAt(network, stage).Length is 2 or 4;

    private static long[] SizesAt(StagedNetwork network, int stage)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        network.eval();
        Tensor tap = network.ForwardTo(stage, zeros([1, .. network.Shape.Dimensions], device: network.parameters().First().device));
        network.train();
        return tap.shape;
    }
}
