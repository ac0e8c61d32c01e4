using System.Text;
using Microsoft.ML.EarlyReadout;
using static TorchSharp.torch;

namespace MLSieve.Tests;

/// <summary>Against torchvision: test/golden/networks.py says what was computed there and how.</summary>
public sealed class TorchvisionTests
{
    [Theory]
    [InlineData(NetworkKind.ResNet18, 11_689_512)]
    [InlineData(NetworkKind.ResNet34, 21_797_672)]
    [InlineData(NetworkKind.ResNet50, 25_557_032)]
    [InlineData(NetworkKind.SqueezeNet11, 1_235_496)]
    public void A_network_for_ImageNet_has_torchvisions_parameter_count(NetworkKind kind, long count)
    {
        using StagedNetwork network = Create(kind, 224, 1000);
        Assert.Equal(count, network.parameters().Sum(parameter => parameter.numel()));
    }

    [Theory]
    [InlineData(
        NetworkKind.ResNet18, "conv1.weight", "bn1.running_var", "layer1.0.conv1.weight", "layer2.0.downsample.0.weight",
        "layer2.0.downsample.1.running_mean", "layer4.1.bn2.bias", "fc.weight", "fc.bias")]
    [InlineData(NetworkKind.ResNet50, "layer1.0.conv3.weight", "layer1.0.downsample.0.weight", "layer3.5.bn3.bias", "fc.weight")]
    [InlineData(
        NetworkKind.SqueezeNet11, "features.0.weight", "features.3.squeeze.weight", "features.12.expand3x3.bias", "classifier.1.weight",
        "classifier.1.bias")]
    public void Parameters_and_statistics_bear_torchvisions_names(NetworkKind kind, params string[] names)
    {
        using StagedNetwork network = Create(kind, 64, 3);
        string[] all = [.. Weights(network).Select(entry => entry.Name)];
        Assert.Equal(all.Length, all.Distinct().Count());
        Assert.All(names, name => Assert.Contains(name, all));
        Assert.DoesNotContain(
            all, name => name.Contains('_', StringComparison.Ordinal) && !name.Contains("running_", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(NetworkKind.ResNet18, "resnet18", 1.5)]
    [InlineData(NetworkKind.ResNet34, "resnet34", 1.5)]
    [InlineData(NetworkKind.ResNet50, "resnet50", 1.5)]
    [InlineData(NetworkKind.SqueezeNet11, "squeezenet1_1", 2.0)]
    public void Stages_and_logits_are_torchvisions_for_equal_weights(NetworkKind kind, string name, double gain)
    {
        using var scope = NewDisposeScope();
        using IDisposable noGrad = no_grad();
        using SafetensorsFile golden = SafetensorsFile.Open(Golden.Path("networks.safetensors"));
        using StagedNetwork network = Create(kind, 64, 5);
        FillByFormula(network, gain);
        network.eval();
        Tensor pixels = golden.Read("input.pixels");
        Tensor means = golden.Read(name + ".stages.mean"), deviations = golden.Read(name + ".stages.std");
        int[] places = kind == NetworkKind.SqueezeNet11 ? [2, 4, 7, 12] : [0, 1, 2, 3, 4];
        for (int k = 0; k <= network.Stages.Count; k++)
        {
            Tensor tap = network.ForwardTo(k, pixels).to(ScalarType.Float64);
            Close(means[places[k]], tap.mean());
            Close(deviations[places[k]], tap.std(unbiased: false));
        }
        Close(golden.Read(name + ".logits"), network.call(pixels));
    }

    [Fact]
    public void SqueezeNet_pools_in_ceiling_mode_at_62_pixels_as_torchvision_does()
    {
        using var scope = NewDisposeScope();
        using IDisposable noGrad = no_grad();
        using SafetensorsFile golden = SafetensorsFile.Open(Golden.Path("networks.safetensors"));
        using StagedNetwork network = Create(NetworkKind.SqueezeNet11, 62, 5);
        FillByFormula(network, 2);
        network.eval();
        Tensor pixels = golden.Read("input.pixels").narrow(2, 0, 62).narrow(3, 0, 62);
        Close(golden.Read("squeezenet1_1.logits_62"), network.call(pixels));
    }

    [Fact]
    public void SqueezeNet_with_ImageNet_weights_computes_their_features_and_gets_a_fresh_classifier()
    {
        string path = RealData.Path("squeezenet1_1-imagenet/squeezenet1_1-imagenet-notop.safetensors");
        using var scope = NewDisposeScope();
        using IDisposable noGrad = no_grad();
        using SafetensorsFile golden = SafetensorsFile.Open(Golden.Path("networks.safetensors"));
        List<string> log = [];
        var options = new NetworkOptions
        {
            Kind = NetworkKind.SqueezeNet11,
            WeightsPath = path,
            Input = { Mean = [103.939f, 116.779f, 123.68f], Scale = [1], ChannelOrder = ChannelOrder.Bgr },
        };
        using StagedNetwork network = NetworkFactory.Create(
            options, FeatureShape.Image(3, 128, 128), PixelRange.Bytes, 6, seed: 1, log.Add);
        network.eval();
        Assert.Contains(log, line => line.Contains("no classifier", StringComparison.Ordinal));

        byte[] pixels =
        [
            ..
               from c in Enumerable.Range(0, 3)
               from y in Enumerable.Range(0, 128)
               from x in Enumerable.Range(0, 128)
               select (byte)((50 * c) + (3 * y) + (5 * x)),
        ];
        Tensor image = tensor(pixels, [1, 3, 128, 128], ScalarType.Byte);
        Tensor features = network.ForwardTo(3, image);
        Assert.Equal([1, 512, 7, 7], features.shape);
        Close(golden.Read("squeezenet1_1_imagenet.pooled"), features[0].mean([1, 2]));
        Close(
            golden.Read("squeezenet1_1_imagenet.slice"),
            features.flatten().index_select(0, golden.Read("squeezenet1_1_imagenet.slice.index")));
    }

    private static StagedNetwork Create(NetworkKind kind, int side, int classes) => NetworkFactory.Create(
        new NetworkOptions { Kind = kind, Input = InputOptions.ImageNet, Stem = ResNetStem.ImageNet }, FeatureShape.Image(3, side, side),
        PixelRange.Bytes, classes, seed: 1, _ => { });

    private static IEnumerable<(string Name, Tensor Value)> Weights(StagedNetwork network) =>
        network.named_parameters().Select(entry => (entry.name, (Tensor)entry.parameter))
            .Concat(network.named_buffers(true, false).Select(entry => (entry.name, entry.buffer)));

    private static void Close(Tensor expected, Tensor actual)
    {
        Assert.Equal(expected.shape, actual.shape);
        double largest = expected.abs().max().item<float>();
        double difference = actual.to(ScalarType.Float64).sub(expected.to(ScalarType.Float64)).abs().max().item<double>();
        Assert.True(difference <= 1e-4 * largest, $"differs by {difference}, where the largest value is {largest}");
    }

    private static void FillByFormula(StagedNetwork network, double gain)
    {
        foreach ((string name, Tensor target) in Weights(network))
        {
            long fanIn = target.shape.Skip(1).Aggregate(1L, (product, size) => product * size);
            double phase = Encoding.UTF8.GetBytes(name).Sum(value => value) % 97 / 97.0 * 6.28;
            float[] values = new float[target.numel()];
            for (long i = 0; i < values.Length; i++)
            {
                double wave = Math.Cos((0.37 * i) + (0.001 * (i * i % 9973)) + phase);
                values[i] = (float)(target.dim() >= 2 ? gain / Math.Sqrt(fanIn) * wave
                    : name.EndsWith("running_var", StringComparison.Ordinal) ? 1 + (0.2 * wave)
                    : name.EndsWith("bias", StringComparison.Ordinal)
                        || name.EndsWith("running_mean", StringComparison.Ordinal) ? 0.1 * wave
                    : 1 + (0.1 * wave));
            }
            using Tensor filled = tensor(values, target.shape);
            target.copy_(filled);
        }
    }
}
