using Microsoft.ML.EarlyReadout;

namespace Studies;

/// <summary>Networks that start from ImageNet weights, with the input that these weights expect.</summary>
internal static class ImageNetWeights
{
    /// <summary>The folder of SqueezeNet's weights in the data folder.</summary>
    public const string SqueezeNetFolder = "squeezenet1_1-imagenet";

    private const string ResNetFolder = "resnet18-dnnimagefeaturizer";

    /// <summary>
    /// The residual network of Microsoft's package. The data folder may hold the same weights in half precision; the package's own file
    /// is beside the program.
    /// </summary>
    public static NetworkOptions ResNet18(StudyOptions options) => new()
    {
        Kind = NetworkKind.DnnImageFeaturizerResNet18,
        WeightsPath = Path.Combine(
            options.HasFolder(ResNetFolder)
                ? options.Folder(ResNetFolder)
                : Path.Combine(AppContext.BaseDirectory, "DnnImageModels", "ResNet18Onnx"),
            "ResNet18.onnx"),
        Input = InputOptions.DnnImageFeaturizer,
    };

    /// <summary>SqueezeNet 1.1.</summary>
    public static NetworkOptions SqueezeNet(StudyOptions options) => new()
    {
        Kind = NetworkKind.SqueezeNet11,
        WeightsPath = Path.Combine(options.Folder(SqueezeNetFolder), "squeezenet1_1-imagenet-notop.safetensors"),
        Input = { ChannelOrder = ChannelOrder.Bgr, Mean = [103.939f, 116.779f, 123.68f], Scale = [1] },
    };
}
