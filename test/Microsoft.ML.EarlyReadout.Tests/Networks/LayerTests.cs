using System.Reflection;
using Microsoft.ML.EarlyReadout;
using TorchSharp;
using static TorchSharp.torch;

namespace MLSieve.Tests;

public sealed class LayerTests
{
    public static TheoryData<string> Networks => NetworkCases.Names;

    /// <summary>
    /// TorchSharp replaces tensors when a module changes device or type; a field that it does not know of would keep the old one.
    /// </summary>
    [Theory, MemberData(nameof(Networks))]
    public void Every_tensor_field_follows_the_network_when_it_moves(string name)
    {
        using StagedNetwork network = NetworkCases.Create(name);
        using var readout = new ReadoutHead(FeatureShape.Image(3, 8, 8), [new GlobalAveragePool()], depth: 2, width: 4, classes: 2);
        network.to(ScalarType.Float64);
        readout.to(ScalarType.Float64);
        int fields = 0;
        // The input layer moves its constants itself, when a batch comes from another device.
        foreach (Layer layer in LayerTree.Find<Layer>(network)
            .Concat(LayerTree.Find<Layer>(readout))
            .Where(layer => layer is not InputLayer))
            foreach (FieldInfo field in layer.GetType().GetFields(BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public))
                if (field.GetValue(layer) is Tensor tensor)
                {
                    Assert.True(tensor.dtype == ScalarType.Float64, $"{layer.GetType().Name}.{field.Name} stays behind");
                    fields++;
                }
        Assert.True(fields >= 6);
    }

    [Theory, MemberData(nameof(Networks))]
    public void A_network_outlives_the_scope_that_it_was_made_in_and_frees_all_when_disposed(string name)
    {
        NetworkCases.Create(name).Dispose(); // constants of the process are made now
        using NativeLeakCheck check = NativeLeakCheck.Start();
        StagedNetwork network;
        using (NewDisposeScope())
        {
            network = NetworkCases.Create(name);
            network.SetChannelsLast(true);
        }
        using (network)
        using (NewDisposeScope())
            network.call(NetworkCases.Rows(network.Shape, 2));
    }

    [Fact]
    public void A_readout_names_its_parameters_by_block()
    {
        using var spatial = new ReadoutHead(FeatureShape.Image(3, 8, 8), [new GlobalAveragePool()], depth: 2, width: 4, classes: 2);
        using var flat = new ReadoutHead(FeatureShape.Vector(3), [], depth: 1, width: 4, classes: 2);
        using var linear = new ReadoutHead(FeatureShape.Image(3, 8, 8), [new GlobalAveragePool()], depth: 0, width: 4, classes: 2);
        string[] block = ["conv1.weight", "bn1.weight", "bn1.bias", "conv2.weight", "bn2.weight", "bn2.bias"];
        Assert.Equal(
            [.. block.Select(name => "blocks.0." + name), .. block.Select(name => "blocks.1." + name), "head.weight", "head.bias"],
            spatial.named_parameters().Select(entry => entry.name));
        Assert.Equal(["blocks.0.weight", "blocks.0.bias", "head.weight", "head.bias"], flat.named_parameters().Select(entry => entry.name));
        Assert.Equal([[2, 3], [2]], linear.parameters().Select(parameter => parameter.shape));
    }

    [Theory]
    [InlineData("ResNet18Small")]
    [InlineData("SqueezeNet11")]
    public void Training_and_scoring_leave_no_tensor_behind(string name)
    {
        using StagedNetwork network = NetworkCases.Create(name);
        (FeatureShape tap, Layer[] pool) = StageTap.WithPool(network, 1);
        using var readout = new ReadoutHead(tap, pool, depth: 1, width: 4, classes: 2);
        Step();
        using (NativeLeakCheck.Start()) Step();

        void Step()
        {
            using var scope = NewDisposeScope();
            Tensor tap = network.ForwardTo(1, NetworkCases.Rows(network.Shape, 2));
            readout.call(tap.detach()).sum().backward();
            network.ForwardFrom(1, tap).sum().backward();
            foreach (var parameter in network.parameters().Concat(readout.parameters())) parameter.grad = null;
            network.eval();
            using (no_grad()) network.call(NetworkCases.Rows(network.Shape, 2));
            OnnxExporter.ToBytes(network);
            network.train();
        }
    }
}
