using Microsoft.ML;
using Microsoft.ML.EarlyReadout;
using static TorchSharp.torch;

namespace MLSieve.Tests;

public sealed class NetworkFactoryTests
{
    [Theory]
    [InlineData(NetworkKind.ResNet18, 16, "ResNet-18 needs images of at least 17×17 pixels; these are 40×16 (height×width).")]
    [InlineData(NetworkKind.SqueezeNet11, 24, "SqueezeNet 1.1 needs images of at least 25×25 pixels; these are 40×24 (height×width).")]
    [InlineData(NetworkKind.ConvNet, 7, "A ConvNet of 3 stages needs images of at least 8×8 pixels; these are 40×7 (height×width).")]
    public void An_image_that_is_too_small_is_named_with_what_is_needed(NetworkKind kind, int width, string message)
    {
        var options = new NetworkOptions { Kind = kind, Stem = ResNetStem.ImageNet };
        var error = Assert.Throws<ArgumentException>(() => Create(options, FeatureShape.Image(3, 40, width)));
        Assert.StartsWith(message, error.Message, StringComparison.Ordinal);
        Create(options, FeatureShape.Image(3, 40, width + 1)).Dispose();
    }

    [Fact]
    public void Vectors_cannot_enter_a_convolution_network()
    {
        var error = Assert.Throws<ArgumentException>(
            () => Create(new NetworkOptions { Kind = NetworkKind.ResNet18 }, FeatureShape.Vector(3072)));
        Assert.Contains("needs images, and the feature column holds vectors of 3072 numbers", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true, "ConvNet")]
    [InlineData(false, "Mlp")]
    public void Automatic_takes_a_ConvNet_for_images_and_an_Mlp_for_vectors(bool image, string name)
    {
        using StagedNetwork network = Create(new NetworkOptions(), image ? FeatureShape.Image(1, 28, 28) : FeatureShape.Vector(4));
        Assert.Equal(name, network.GetName());
    }

    [Theory]
    [InlineData(63, 1)]
    [InlineData(64, 4)]
    public void The_automatic_stem_is_small_below_64_pixels(int side, int stride)
    {
        using StagedNetwork network = Create(new NetworkOptions { Kind = NetworkKind.ResNet18 }, FeatureShape.Image(3, side, 80));
        Assert.Equal(FeatureShape.Image(64, side / stride, 80 / stride), StageTap.Of(network, 1));
    }

    [Theory]
    [InlineData(ValueRange.ZeroTo255, 0f, 255f, -1f, 1f)]
    [InlineData(ValueRange.ZeroToOne, 0f, 1f, -1f, 1f)]
    [InlineData(ValueRange.AsIs, -3f, 5f, -3f, 5f)]
    [InlineData(null, 0f, 255f, 0f, 255f)]
    public void Pixels_come_in_between_minus_one_and_one_and_other_numbers_as_they_are(
        ValueRange? range, float black, float white, float least, float most)
    {
        using var scope = NewDisposeScope();
        PixelRange? pixels = range is { } kind ? new PixelRange(kind, black, white) : null;
        using StagedNetwork network = NetworkFactory.Create(new NetworkOptions(), FeatureShape.Vector(2), pixels, 2, seed: 1, _ => { });
        Assert.Equal([least, most], network.Input.call(tensor(new[] { black, white }, [1, 2])).data<float>().ToArray());
    }

    [Fact]
    public void A_normalisation_for_another_number_of_channels_is_an_error()
    {
        var error = Assert.Throws<ArgumentException>(
            () => Create(new NetworkOptions { Input = { Mean = [1, 2] } }, FeatureShape.Image(3, 16, 16)));
        Assert.Equal("Network.Input.Mean has 2 values; it must have one, or one for each of the 3 channels.", error.Message);
    }

    [Fact]
    public void All_faults_of_the_options_are_told_at_once()
    {
        var options = new NetworkOptions
        {
            Kind = (NetworkKind)99,
            Stem = (ResNetStem)(-1),
            HiddenUnits = [],
            Channels = [8, 0],
            WeightsPath = "nowhere.safetensors",
            Input = { Height = -1, Width = -2, Channels = -2, Mean = [float.NaN], Scale = [0], ChannelOrder = (ChannelOrder)7 },
        };
        Assert.Equal(
            [
                "Network.Kind is 99; it must be one of Automatic, Mlp, ConvNet, ResNet18, ResNet34, ResNet50, SqueezeNet11, "
                    + "DnnImageFeaturizerResNet18, Bert, DistilBert.",
                "Network.Stem is -1; it must be one of Automatic, ImageNet, Small.",
                "Network.HiddenUnits is empty; it must have at least one value.",
                "Network.Channels holds 0; each value must be at least 1.",
                "Network.WeightsPath is 'nowhere.safetensors'; there is no such file.",
                "Network.Input.Height is -1; it must be at least 0 (0: taken from the column).",
                "Network.Input.Width is -2; it must be at least 0 (0: taken from the column).",
                "Network.Input.Channels is -2; it must be at least 0 (0: taken from the column).",
                "Network.Input.Mean must hold finite numbers only.",
                "Network.Input.Scale must hold finite numbers other than 0 only.",
                "Network.Input.ChannelOrder is 7; it must be Rgb or Bgr.",
            ],
            Faults(options));
        Assert.Empty(Faults(new NetworkOptions()));
    }

    [Theory]
    [InlineData(8193)]
    [InlineData(int.MaxValue)]
    public void More_tokens_than_attention_has_memory_for_are_a_fault_before_a_text_is_read(int tokens)
    {
        var options = new EarlyReadoutEstimator.Options { TextColumnName = "Text", Network = { MaxTokens = tokens } };
        string message = Assert.Throws<ArgumentException>(() => new MLContext(seed: 1).Transforms.EarlyReadout(options)).Message;
        Assert.EndsWith($"- Network.MaxTokens is {tokens}; it must be from 8 to 8192.", message, StringComparison.Ordinal);
        Assert.Empty(Faults(new NetworkOptions { MaxTokens = 8192 }));
    }

    private static IReadOnlyList<string> Faults(NetworkOptions options)
    {
        var faults = new OptionFaults();
        options.AddFaults(faults, "Network");
        return faults.All;
    }

    private static StagedNetwork Create(NetworkOptions options, FeatureShape shape) =>
        NetworkFactory.Create(options, shape, shape is ImageShape ? PixelRange.Bytes : null, 3, seed: 1, _ => { });
}
