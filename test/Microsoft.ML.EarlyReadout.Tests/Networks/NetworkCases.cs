using Microsoft.ML.EarlyReadout;
using static TorchSharp.torch;

namespace MLSieve.Tests;

/// <summary>Every network of the library, small, by name; so that one theory runs over all.</summary>
internal static class NetworkCases
{
    public const int Classes = 5;

    public static TheoryData<string> Names =>
        ["Mlp", "MlpOnImages", "ConvNet", "ConvNetGrey", "ResNet18Small", "ResNet18", "ResNet34", "ResNet50", "SqueezeNet11",
        "DnnImageFeaturizerResNet18", "Bert", "DistilBert"];

    public static StagedNetwork Create(
        string name, int classes = Classes, ImageLayout layout = ImageLayout.ChannelsFirst, ChannelOrder order = ChannelOrder.Rgb,
        ulong seed = 1)
    {
        (NetworkOptions options, FeatureShape shape) = name switch
        {
            "Mlp" => (new NetworkOptions { Kind = NetworkKind.Mlp, HiddenUnits = [12, 9] }, FeatureShape.Vector(7)),
            "MlpOnImages" => (new NetworkOptions { Kind = NetworkKind.Mlp }, Image(3, 6, 5)),
            "ConvNet" => (new NetworkOptions { Kind = NetworkKind.ConvNet, Channels = [8, 12, 16] }, Image(3, 17, 12)),
            "ConvNetGrey" => (new NetworkOptions { Kind = NetworkKind.ConvNet, Channels = [4] }, Image(1, 8, 8)),
            "ResNet18Small" => (new NetworkOptions { Kind = NetworkKind.ResNet18 }, Image(3, 16, 12)),
            "ResNet18" => (new NetworkOptions { Kind = NetworkKind.ResNet18, Stem = ResNetStem.ImageNet }, Image(3, 32, 40)),
            "ResNet34" => (new NetworkOptions { Kind = NetworkKind.ResNet34 }, Image(3, 8, 8)),
            "ResNet50" => (new NetworkOptions { Kind = NetworkKind.ResNet50 }, Image(3, 8, 8)),
            "SqueezeNet11" => (new NetworkOptions { Kind = NetworkKind.SqueezeNet11 }, Image(3, 32, 30)),
            "DnnImageFeaturizerResNet18" => (new NetworkOptions { Kind = NetworkKind.DnnImageFeaturizerResNet18 }, Image(3, 8, 8)),
            "Bert" => (
                new NetworkOptions { Kind = NetworkKind.Bert, Encoder = { Layers = 3, Width = 24, Heads = 3, FeedForwardWidth = 20 } },
                Tokens()),
            "DistilBert" => (new NetworkOptions
            {
                Kind = NetworkKind.DistilBert,
                Encoder = { Layers = 2, Width = 16, Heads = 2, Dropout = 0, Pooling = TokenPooling.First },
            }, Tokens()),
            _ => throw new ArgumentException($"No network is named '{name}'.", nameof(name)),
        };
        options.Input.ChannelOrder = order;
        StagedNetwork network = NetworkFactory.Create(
            options, shape, shape is ImageShape ? PixelRange.Bytes : null, classes, seed, _ => { });
        Unsettle(network, seed);
        return network;

        FeatureShape Tokens() => FeatureShape.Tokens(11, vocabulary: 30, separator: 3);

        FeatureShape Image(int channels, int height, int width) => new ImageShape(layout, channels, height, width);
    }

    /// <summary>What the stages of a network put out, as its documentation states: channels, and how many input pixels one output pixel
    /// stands for along each side; 1 for vectors and for texts, whose channels are the numbers of a token.</summary>
    public static (int Channels, int Stride)[] Taps(string name) => name switch
    {
        "Mlp" => [(12, 1), (9, 1)],
        "MlpOnImages" => [(128, 1), (128, 1)],
        "ConvNet" => [(8, 2), (12, 4), (16, 8)],
        "ConvNetGrey" => [(4, 2)],
        "ResNet18" => [(64, 4), (128, 8), (256, 16), (512, 32)],
        "ResNet18Small" or "ResNet34" or "DnnImageFeaturizerResNet18" => [(64, 1), (128, 2), (256, 4), (512, 8)],
        "ResNet50" => [(256, 1), (512, 2), (1024, 4), (2048, 8)],
        "SqueezeNet11" => [(128, 4), (256, 8), (512, 16)],
        "Bert" => [(24, 1), (24, 1), (24, 1)],
        "DistilBert" => [(16, 1), (16, 1)],
        _ => throw new ArgumentException($"No network is named '{name}'.", nameof(name)),
    };

    /// <summary>Rows as a feature column stores them: pixels 0 to 255 for images, numbers around 0 for vectors, for texts
    /// tokens, padded, every second row a pair.</summary>
    public static Tensor Rows(FeatureShape shape, int count, ulong seed = 7)
    {
        if (shape is TokenShape tokens) return Texts(tokens, count, seed);
        using var generator = new Generator(seed);
        Tensor rows = empty([count, .. shape.Dimensions]);
        if (shape is not ImageShape) return rows.normal_(0, 1, generator);
        using Tensor drawn = rows.uniform_(0, 256, generator);
        return drawn.to(ScalarType.Byte);
    }

    private static Tensor Texts(TokenShape shape, int count, ulong seed)
    {
        var random = new Random((int)seed);
        var ids = new int[count * shape.Length];
        for (int row = 0; row < count; row++)
        {
            int length = row == 0 ? shape.Length : random.Next(5, shape.Length + 1);
            Span<int> text = ids.AsSpan(row * shape.Length, length);
            foreach (ref int token in text) token = random.Next(shape.Separator + 1, shape.Vocabulary);
            (text[0], text[^1]) = (shape.Separator - 1, shape.Separator);
            if (row % 2 == 1) text[length / 2] = shape.Separator;
        }

        return tensor(ids, [count, shape.Length]);
    }

    /// <summary>Moves what fresh networks have at 0 and 1, so that a batch norm or a bias that is left out shows.</summary>
    private static void Unsettle(StagedNetwork network, ulong seed)
    {
        using IDisposable noGrad = no_grad();
        using var scope = NewDisposeScope();
        using var generator = new Generator(seed + 1);
        foreach (Tensor vector in network.parameters().Concat(network.buffers()).Where(tensor => tensor.dim() == 1))
            vector.add_(empty(vector.shape).uniform_(0, 0.2, generator), Scalars.One);
    }
}
