using Microsoft.ML.EarlyReadout;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace MLSieve.Tests;

public sealed class NetworkSizeTests
{
    private const string Advice = "Give the feature column fewer numbers, or make the network smaller by Network.HiddenUnits, Channels, "
        + "Encoder, WeightsPath, Kind or Custom.";

    [Fact]
    public void The_bytes_of_a_network_are_those_of_its_weights_and_biases()
    {
        using StagedNetwork network = Create(new NetworkOptions { HiddenUnits = [8] }, FeatureShape.Vector(4));
        Assert.Equal(4L * (4 * 8 + 8 + 8 * 3 + 3), NetworkSize.Of(network));
    }

    [Theory]
    [InlineData(NetworkKind.Mlp, "for vectors of 4 numbers")]
    [InlineData(NetworkKind.ConvNet, "for images of 3 channels and 16×16 pixels")]
    [InlineData(NetworkKind.Bert, "for texts of up to 9 tokens")]
    [InlineData(NetworkKind.SqueezeNet11, "for images of 3 channels and 32×32 pixels")]
    public void A_network_may_have_as_many_bytes_as_a_model_holds_and_not_one_more(NetworkKind kind, string rows)
    {
        FeatureShape shape = kind switch
        {
            NetworkKind.Mlp => FeatureShape.Vector(4),
            NetworkKind.Bert => FeatureShape.Tokens(9, vocabulary: 40, separator: 3),
            NetworkKind.ConvNet => FeatureShape.Image(3, 16, 16),
            _ => FeatureShape.Image(3, 32, 32),
        };
        using StagedNetwork network = Create(new NetworkOptions { Kind = kind }, shape);
        Assert.Null(NetworkSize.Fault(2_080_374_783, network));
        Assert.Equal(
            $"The network {network.GetName()} {rows} has 2080374784 bytes of weights, and a model, which is one ONNX file of less than "
                + $"2 GiB, holds at most 2080374783. {Advice}",
            NetworkSize.Fault(2_080_374_784, network));
    }

    [Fact]
    public void A_network_that_no_model_can_hold_is_refused_before_its_weights_are_drawn()
    {
        var error = Assert.Throws<ArgumentException>(() => Create(
            new NetworkOptions { Custom = (shape, classes) => new VastNetwork(shape, classes) }, FeatureShape.Vector(4)));
        Assert.Equal(
            "The network Vast for vectors of 4 numbers has 2147483708 bytes of weights, and a model, which is one ONNX file of less than "
                + $"2 GiB, holds at most 2080374783. {Advice}",
            error.Message);
    }

    private static StagedNetwork Create(NetworkOptions options, FeatureShape shape) =>
        NetworkFactory.Create(options, shape, shape is ImageShape ? PixelRange.Bytes : null, classes: 3, seed: 1, _ => { });

    private sealed class VastNetwork : StagedNetwork
    {
        public VastNetwork(FeatureShape shape, int classes) : base("Vast", shape, classes)
        {
            AddStage("vast", new Vast());
            SetHead("head", new Linear(shape.Size, classes));
        }
    }

    /// <summary>A layer with 2 GiB of numbers, which all are the same one in memory.</summary>
    private sealed class Vast : Layer
    {
        [ComponentName(Name = "numbers")]
        private readonly Tensor _numbers;

        public Vast() : base("vast")
        {
            using Tensor one = zeros(1, 1);
            _numbers = one.expand(1 << 15, 1 << 14);
            RegisterComponents();
        }

        public override Tensor forward(Tensor input) => input.alias();

        public override string Export(OnnxGraph graph, string input) => input;

        public override void Initialize(Generator generator) => throw new InvalidOperationException("It is drawn.");
    }
}
