using Microsoft.ML.EarlyReadout;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using static TorchSharp.torch;
using Tensor = TorchSharp.torch.Tensor;

namespace MLSieve.Tests;

/// <summary>ImageNet weights from Microsoft's package, whose reference in this project puts the model beside the assembly.</summary>
public sealed class DnnImageFeaturizerTests
{
    private const int Side = 224; // the model takes no other
    private readonly List<string> _log = [];

    /// <summary>Where the package puts its model.</summary>
    internal static string ModelPath => Path.Combine(AppContext.BaseDirectory, "DnnImageModels", "ResNet18Onnx", "ResNet18.onnx");

    [Fact]
    public void The_network_computes_what_ONNX_Runtime_computes_from_Microsofts_own_file()
    {
        using var scope = NewDisposeScope();
        using IDisposable noGrad = no_grad();
        using StagedNetwork network = Create(NetworkKind.DnnImageFeaturizerResNet18, Side);
        network.eval();
        Assert.Contains(_log, line => line.StartsWith("Loaded 110 tensors", StringComparison.Ordinal));
        Assert.Contains(_log, line => line.Contains("no classifier ('fc')", StringComparison.Ordinal));

        Tensor pixels = NetworkCases.Rows(network.Shape, 1, seed: 3);
        float[] actual = [.. network.ForwardToEmbedding(pixels).data<float>()];
        using var session = new InferenceSession(ModelPath);
        string input = Assert.Single(session.InputMetadata).Key;
        float[] fed = [.. network.Input.call(pixels).contiguous().data<float>()]; // blue, green, red less their means
        Assert.Equal((float)pixels[0, 2, 5, 7].item<byte>() - 103.06f, fed[(5 * Side) + 7], 1e-4f);
        using IDisposableReadOnlyCollection<DisposableNamedOnnxValue> outputs =
            session.Run([NamedOnnxValue.CreateFromTensor(input, new DenseTensor<float>(fed, [1, 3, Side, Side]))]);
        float[] expected = [.. outputs[0].AsEnumerable<float>()];

        Assert.Equal(512, expected.Length);
        double largest = expected.Max(Math.Abs), difference = expected.Zip(actual, (a, b) => Math.Abs(a - b)).Max();
        Assert.True(largest > 0.5 && difference <= 1e-4 * largest, $"differs by {difference}, where the largest value is {largest}");
    }

    [Fact]
    public void Another_networks_kind_is_refused_with_the_block_that_it_lacks()
    {
        var error = Assert.Throws<InvalidDataException>(() => Create(NetworkKind.ResNet18, 64).Dispose());
        const string Says = "are not those of ResNet-18 (3 input channels): found and not expected: 'layer4.2.bn1.bias' (512)";
        Assert.Contains(Says, error.Message, StringComparison.Ordinal);
    }

    private StagedNetwork Create(NetworkKind kind, int side) => NetworkFactory.Create(
        new NetworkOptions { Kind = kind, WeightsPath = ModelPath, Input = InputOptions.DnnImageFeaturizer },
        FeatureShape.Image(3, side, side), PixelRange.Bytes, classes: 2, seed: 1, _log.Add);
}
