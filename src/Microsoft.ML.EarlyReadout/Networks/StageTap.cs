using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>What there is to read after a stage of a network.</summary>
internal static class StageTap
{
    /// <summary>Checks that a network has a stage, which may be done long before a readout is made.</summary>
    /// <exception cref="ArgumentException">It does not; the message names those it has.</exception>
    public static void Check(StagedNetwork network, int stage)
    {
        if (stage <= network.Stages.Count) return;
        throw new ArgumentException($"A readout is to tap stage {stage}, but {network.GetName()} has {network.Stages.Count} stages: "
            + string.Join(", ", network.Stages.Select((each, index) => $"{index + 1} ({each.Name})")) + ".");
    }

    /// <summary>
    /// What the stage puts out, seen by running it once on an empty example: a network of a user's own may turn images into vectors at any
    /// stage. Of tokens it is what one of them has; <see cref="WithPool"/> gives what makes a vector of them.
    /// </summary>
    public static FeatureShape Of(StagedNetwork network, int stage) => ShapeOf(SizesAt(network, stage));

    /// <summary>What the stage puts out, as <see cref="Of"/> gives it, and the layers that make one vector a row of it.</summary>
    public static (FeatureShape Shape, Layer[] Pool) WithPool(StagedNetwork network, int stage)
    {
        long[] sizes = SizesAt(network, stage);
        return (ShapeOf(sizes), Pool(network, sizes));
    }

    /// <summary>The layers that make one vector a row of what a stage puts out: of images the channels' means, of tokens what the
    /// network's own classifier reads of them, of a vector none.</summary>
    /// <param name="network">The network.</param>
    /// <param name="sizes">The sizes of what the stage puts out, with the batch.</param>
    public static Layer[] Pool(StagedNetwork network, long[] sizes) => sizes.Length switch
    {
        4 => [new GlobalAveragePool()],
        3 => [new TokenPool((network as TextEncoder)?.Pooling ?? TokenPooling.Mean)],
        _ => [],
    };

    /// <summary>Whether a readout can be made for what the stage puts out: images, tokens or vectors.</summary>
    public static bool CanRead(StagedNetwork network, int stage) => SizesAt(network, stage).Length is 2 or 3 or 4;

    private static FeatureShape ShapeOf(long[] sizes) => sizes.Length == 4
        ? FeatureShape.Image((int)sizes[1], (int)sizes[2], (int)sizes[3])
        : FeatureShape.Vector((int)sizes[^1]);

    /// <summary>The sizes of what is computed of an empty example, in evaluation mode.</summary>
    /// <param name="network">The network; it is left in the mode that it was in.</param>
    /// <param name="compute">From the example to what the network makes of it.</param>
    public static long[] SizesOf(StagedNetwork network, Func<Tensor, Tensor> compute)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        bool training = network.training;
        network.eval();
        try
        {
            return compute(zeros([1, .. network.Shape.Dimensions], float32, network.parameters().First().device)).shape;
        }
        finally
        {
            network.train(training);
        }
    }

    private static long[] SizesAt(StagedNetwork network, int stage) => SizesOf(network, example => network.ForwardTo(stage, example));
}
