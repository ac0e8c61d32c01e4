using Microsoft.ML.EarlyReadout;
using Microsoft.ML.OnnxRuntime;
using static TorchSharp.torch;

namespace MLSieve.Tests;

public sealed class GradCamTests
{
    private const int Rows = 3;

    [Theory]
    [InlineData("ConvNet")]
    [InlineData("ConvNetGrey")]
    [InlineData("ResNet18")]
    [InlineData("ResNet18Small")]
    [InlineData("ResNet50")]
    [InlineData("SqueezeNet11")]
    public void Every_classs_map_in_the_graph_is_Grad_CAM_up_to_scale(string name)
    {
        using var scope = NewDisposeScope();
        using StagedNetwork network = NetworkCases.Create(name);
        network.eval();
        Tensor rows = NetworkCases.Rows(network.Shape, Rows).to(ScalarType.Float32);
        float[] maps = ExportedMaps(network, rows, out int size);

        int compared = 0;
        for (int c = 0; c < NetworkCases.Classes; c++)
        {
            float[] expected = GradCam(network, rows, c);
            for (int row = 0; row < Rows; row++)
            {
                ReadOnlySpan<float> cam = expected.AsSpan(row * size, size);
                float[] map = [.. maps.AsSpan((row * NetworkCases.Classes + c) * size, size).ToArray().Select(value => Math.Max(value, 0))];
                float highest = 0, mapHighest = map.Max();
                foreach (float value in cam) highest = Math.Max(highest, value);
                Assert.Equal(highest == 0, mapHighest == 0);
                if (highest == 0) continue;
                compared++;
                for (int i = 0; i < size; i++) Assert.Equal(cam[i] / highest, map[i] / mapHighest, 1e-3f);
            }
        }

        Assert.True(compared > 0, "No class has a map that is anywhere above 0: nothing was compared.");
    }

    [Fact]
    public void A_network_without_global_average_pooling_has_no_maps()
    {
        using var scope = NewDisposeScope();
        foreach (string name in new[] { "Mlp", "MlpOnImages" })
        {
            using StagedNetwork network = NetworkCases.Create(name);
            Assert.Null(OnnxExporter.Export(network).Network.ActivationMaps);
        }
    }

    /// <summary>Selvaraju et al., equations 1 and 2: the gradient of one logit, averaged over places, weighs the feature maps.</summary>
    private static float[] GradCam(StagedNetwork network, Tensor rows, int c)
    {
        Tensor features;
        using (no_grad()) features = network.ForwardTo(network.Stages.Count, rows);
        int pool = network.Head.ToList().FindIndex(layer => layer is GlobalAveragePool);
        using (no_grad()) features = network.Head.Take(pool).Aggregate(features, (value, layer) => layer.call(value));
        features = features.detach().requires_grad_();
        Tensor logits = network.Head.Skip(pool).Aggregate(features, (value, layer) => layer.call(value)); // (B, C)
        logits.select(1, c).sum().backward();
        Tensor alpha = features.grad!.mean([2, 3], keepdim: true); // (B, D, 1, 1)
        return alpha.mul(features).sum([1L]).relu().detach().data<float>().ToArray(); // (B, h, w)
    }

    private static float[] ExportedMaps(StagedNetwork network, Tensor rows, out int size)
    {
        (OnnxGraph graph, ExportedNetwork exported) = OnnxExporter.Export(network);
        graph.Output(exported.ActivationMaps!, "maps", NetworkCases.Classes, OnnxGraph.AnySize, OnnxGraph.AnySize);
        using var session = new InferenceSession(graph.ToBytes());
        using OrtValue input = OrtValue.CreateTensorValueFromMemory(rows.data<float>().ToArray(), rows.shape);
        using var options = new RunOptions();
        using IDisposableReadOnlyCollection<OrtValue> outputs = session.Run(options, session.InputNames, [input], ["maps"]);
        float[] maps = outputs[0].GetTensorDataAsSpan<float>().ToArray(); // (B, C, h, w)
        size = maps.Length / Rows / NetworkCases.Classes;
        Assert.Equal(
            [-1, NetworkCases.Classes, .. outputs[0].GetTensorTypeAndShape().Shape[2..].Select(side => (int)side)],
            session.OutputMetadata["maps"].Dimensions);
        return maps;
    }
}
