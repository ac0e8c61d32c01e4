using System.Diagnostics.CodeAnalysis;

namespace Microsoft.ML.EarlyReadout.Networks;

/// <summary>
/// ResNet-18, -34 or -50, or the one of Microsoft's image featurizer, in torchvision's layout and under its parameter names
/// (<c>conv1</c>, <c>bn1</c>, <c>layer1.0.conv1</c>, …, <c>fc</c>); stages <c>layer1</c> to <c>layer4</c>.
/// </summary>
/// <remarks>
/// (B, C, H, W) → (B, classes). With the ImageNet stem the stages have strides 4, 8, 16 and 32, with the small one 1, 2, 4 and 8.
/// He et al., "Deep Residual Learning for Image Recognition", CVPR 2016; the stride of a bottleneck is at its 3×3 convolution.
/// </remarks>
[Experimental(ExperimentalId.OwnNetwork)]
public sealed class ResNet : StagedNetwork
{
    private ResNet(string name, FeatureShape shape, int classes, int[] blocks, bool bottleneck, ResNetStem stem)
        : base(name, shape, classes)
    {
        bool small = stem == ResNetStem.Small || (stem == ResNetStem.Automatic && shape is ImageShape { ShorterSide: < 64 });
        RequireImage(name, shape, small ? 8 : 17); // from there on the last stage reads at least 2 × 2 numbers a channel
        int inputs = 64;
        List<Layer> first = [
            Register("conv1", small
                ? new Conv2d(shape.Channels, inputs, 3, padding: 1, bias: false)
                : new Conv2d(shape.Channels, inputs, 7, 2, 3, bias: false)),
            Register("bn1", new BatchNorm2d(inputs)),
            Register("relu", new Relu())];
        if (!small) first.Add(Register("maxpool", new MaxPool2d(3, 2, 1)));
        SetStem([.. first]);
        for (int k = 1; k <= blocks.Length; k++)
        {
            int width = 64 << (k - 1);
            int outputs = bottleneck ? Bottleneck.Expansion * width : width;
            var layers = new Layer[blocks[k - 1]];
            for (int i = 0; i < layers.Length; i++)
            {
                int step = k > 1 && i == 0 ? 2 : 1;
                layers[i] = Register(FormattableString.Invariant($"layer{k}.{i}"),
                    bottleneck ? (Layer)new Bottleneck(inputs, width, step) : new BasicBlock(inputs, outputs, step));
                inputs = outputs;
            }
            AddStage(FormattableString.Invariant($"layer{k}"), layers);
        }
        SetHead("fc", Register("avgpool", new GlobalAveragePool()), Register("fc", new Linear(inputs, classes)));
    }

    /// <summary>Creates a ResNet-18; <see cref="StagedNetwork.Initialize"/> draws its weights.</summary>
    /// <param name="shape">The shape of one image; each side at least 17 pixels, with the small stem 8.</param>
    /// <param name="classes">The number of classes.</param>
    /// <param name="stem">The first layers; automatic: small where the shorter side has less than 64 pixels.</param>
    /// <exception cref="ArgumentException">The examples are not images of that size.</exception>
    public static ResNet ResNet18(FeatureShape shape, int classes, ResNetStem stem = ResNetStem.Automatic) =>
        new("ResNet-18", shape, classes, [2, 2, 2, 2], bottleneck: false, stem);

    /// <summary>Creates a ResNet-34; <see cref="StagedNetwork.Initialize"/> draws its weights.</summary>
    /// <param name="shape">The shape of one image; each side at least 17 pixels, with the small stem 8.</param>
    /// <param name="classes">The number of classes.</param>
    /// <param name="stem">The first layers; automatic: small where the shorter side has less than 64 pixels.</param>
    /// <exception cref="ArgumentException">The examples are not images of that size.</exception>
    public static ResNet ResNet34(FeatureShape shape, int classes, ResNetStem stem = ResNetStem.Automatic) =>
        new("ResNet-34", shape, classes, [3, 4, 6, 3], bottleneck: false, stem);

    /// <summary>Creates a ResNet-50; <see cref="StagedNetwork.Initialize"/> draws its weights.</summary>
    /// <param name="shape">The shape of one image; each side at least 17 pixels, with the small stem 8.</param>
    /// <param name="classes">The number of classes.</param>
    /// <param name="stem">The first layers; automatic: small where the shorter side has less than 64 pixels.</param>
    /// <exception cref="ArgumentException">The examples are not images of that size.</exception>
    public static ResNet ResNet50(FeatureShape shape, int classes, ResNetStem stem = ResNetStem.Automatic) =>
        new("ResNet-50", shape, classes, [3, 4, 6, 3], bottleneck: true, stem);

    /// <summary>
    /// Creates the residual network of Microsoft's package <c>Microsoft.ML.DnnImageFeaturizer.ResNet18</c>: a ResNet-18 with a third
    /// block in its last stage.
    /// </summary>
    /// <param name="shape">The shape of one image; each side at least 17 pixels, with the small stem 8.</param>
    /// <param name="classes">The number of classes.</param>
    /// <param name="stem">The first layers; automatic: small where the shorter side has less than 64 pixels.</param>
    /// <exception cref="ArgumentException">The examples are not images of that size.</exception>
    public static ResNet DnnImageFeaturizerResNet18(FeatureShape shape, int classes, ResNetStem stem = ResNetStem.Automatic) =>
        new("DnnImageFeaturizer's ResNet-18", shape, classes, [2, 2, 2, 3], bottleneck: false, stem);
}
