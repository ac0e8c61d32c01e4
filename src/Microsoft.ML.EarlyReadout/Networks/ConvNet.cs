using System.Diagnostics.CodeAnalysis;

namespace Microsoft.ML.EarlyReadout.Networks;

/// <summary>Stages of 3×3 convolution, batch norm, ReLU and 2×2 max pooling; then global average pooling and a linear layer.</summary>
/// <remarks>
/// (B, C, H, W) → (B, classes); stage k has stride 2ᵏ. Parameters: <c>stage1.conv.weight</c>, <c>stage1.bn.*</c>, …, <c>head.weight</c>,
/// <c>head.bias</c>.
/// </remarks>
[Experimental(ExperimentalId.OwnNetwork)]
public sealed class ConvNet : StagedNetwork
{
    /// <summary>Creates the network; <see cref="StagedNetwork.Initialize"/> draws its weights.</summary>
    /// <param name="shape">The shape of one image; each side at least 2 to the number of stages.</param>
    /// <param name="channels">Channels of each stage, at least one.</param>
    /// <param name="classes">The number of classes.</param>
    /// <exception cref="ArgumentException">There is no stage, or the examples are not images of that size.</exception>
    public ConvNet(FeatureShape shape, IReadOnlyList<int> channels, int classes) : base("ConvNet", shape, classes)
    {
        ArgumentNullException.ThrowIfNull(channels);
        if (channels.Count is 0 or > 15) throw new ArgumentException("A ConvNet has 1 to 15 stages.", nameof(channels));
        RequireImage(FormattableString.Invariant($"A ConvNet of {channels.Count} stages"), shape, 1 << channels.Count);
        int width = shape.Channels;
        for (int k = 1; k <= channels.Count; k++)
        {
            int outputs = channels[k - 1];
            string name = FormattableString.Invariant($"stage{k}");
            AddStage(name,
                Register(name + ".conv", new Conv2d(width, outputs, 3, padding: 1, bias: false)),
                Register(name + ".bn", new BatchNorm2d(outputs)),
                Register(name + ".relu", new Relu()),
                Register(name + ".pool", new MaxPool2d(2, 2)));
            width = outputs;
        }
        SetHead("head", Register("pool", new GlobalAveragePool()), Register("head", new Linear(width, classes)));
    }
}
