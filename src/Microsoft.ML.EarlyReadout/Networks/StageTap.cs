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
    /// stage. Of tokens it is what one of them has, as readouts pool them.
    /// </summary>
    public static FeatureShape Of(StagedNetwork network, int stage)
    {
        long[] sizes = SizesAt(network, stage);
        return sizes.Length == 4
            ? FeatureShape.Image((int)sizes[1], (int)sizes[2], (int)sizes[3])
            : FeatureShape.Vector((int)sizes[^1]);
    }

    /// <summary>Whether the stage puts out a vector for each token.</summary>
    public static bool IsOfTokens(StagedNetwork network, int stage) =>
        network.Shape is TokenShape && SizesAt(network, stage).Length == 3; // no pass through a network of other examples

    /// <summary>Whether a readout can be made for what the stage puts out: images, tokens or vectors.</summary>
    public static bool CanRead(StagedNetwork network, int stage) => SizesAt(network, stage).Length is 2 or 3 or 4;

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
