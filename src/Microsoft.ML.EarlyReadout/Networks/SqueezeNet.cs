using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Microsoft.ML.EarlyReadout.Networks;

/// <summary>
/// SqueezeNet 1.1 in torchvision's layout and under its parameter names (<c>features.0</c> to <c>features.12</c>, <c>classifier.1</c>).
/// </summary>
/// <remarks>
/// (B, C, H, W) → (B, classes). A stage ends where the resolution changes next, and starts with the pooling that changed it:
/// <list type="table">
/// <item><term>stem</term><description><c>features.0–2</c>: 3×3 convolution of stride 2 without padding, ReLU, pooling</description></item>
/// <item><term>stage1</term><description><c>features.3–4</c>: 128 channels, stride 4</description></item>
/// <item><term>stage2</term><description><c>features.5–7</c>: 256 channels, stride 8</description></item>
/// <item><term>stage3</term><description><c>features.8–12</c>: 512 channels, stride 16</description></item>
/// <item><term>head</term><description><c>classifier.0–3</c>: dropout 0.5, 1×1 convolution to the classes, ReLU, global average
/// pooling</description></item>
/// </list>
/// Iandola et al., "SqueezeNet", 2016; version 1.1 is its authors' later, cheaper one.
/// </remarks>
[Experimental(ExperimentalId.OwnNetwork)]
public sealed class SqueezeNet : StagedNetwork
{
    // From here on every pooling window lies within what it reads.
    private const int MinimumSide = 25;

    /// <summary>Creates a SqueezeNet 1.1; <see cref="StagedNetwork.Initialize"/> draws its weights.</summary>
    /// <param name="shape">The shape of one image; each side at least 25 pixels.</param>
    /// <param name="classes">The number of classes.</param>
    /// <exception cref="ArgumentException">The examples are not images of that size.</exception>
    public SqueezeNet(FeatureShape shape, int classes) : base("SqueezeNet 1.1", shape, classes)
    {
        RequireImage("SqueezeNet 1.1", shape, MinimumSide);
        int next = 0;
        T Feature<T>(T layer) where T : Layer => Register("features." + next++.ToString(CultureInfo.InvariantCulture), layer);

        SetStem(Feature(new Conv2d(shape.Channels, 64, 3, 2)), Feature(new Relu()), Feature(Pool()));
        AddStage("stage1", Feature(new Fire(64, 16, 64)), Feature(new Fire(128, 16, 64)));
        AddStage("stage2", Feature(Pool()), Feature(new Fire(128, 32, 128)), Feature(new Fire(256, 32, 128)));
        AddStage("stage3", Feature(Pool()),
            Feature(new Fire(256, 48, 192)), Feature(new Fire(384, 48, 192)), Feature(new Fire(384, 64, 256)),
            Feature(new Fire(512, 64, 256)));
        SetHead("classifier",
            Register("classifier.0", new Dropout(0.5)),
            Register("classifier.1", new Conv2d(512, classes, 1, deviation: 0.01)),
            Register("classifier.2", new Relu()),
            Register("classifier.3", new GlobalAveragePool()));
    }

    private static MaxPool2d Pool() => new(3, 2, ceiling: true);
}
