using Microsoft.ML.EarlyReadout;
using Microsoft.ML.EarlyReadout.OnnxProto;
using Microsoft.ML.OnnxRuntime;
using TorchSharp;
using static TorchSharp.torch;

namespace MLSieve.Tests;

/// <summary>ONNX Runtime computes every output of a graph, so what nobody asks for is not in the graph that scores.</summary>
public sealed class GraphWithoutMapsTests
{
    private const string Maps = "maps";

    [Theory]
    [InlineData("ResNet18Small", 2)] // the classifier at each pixel: a convolution, and its kernel
    [InlineData("SqueezeNet11", 0)] // the classifier is a convolution: its maps are computed anyway
    public void What_only_the_maps_need_is_gone_and_all_else_is_computed_to_the_bit(string name, int nodes)
    {
        using DisposeScope scope = NewDisposeScope();
        using StagedNetwork network = NetworkCases.Create(name);
        (OnnxGraph graph, ExportedNetwork exported) = OnnxExporter.Export(network);
        graph.Output(exported.Logits, OnnxExporter.LogitsName, network.ClassCount);
        graph.Output(exported.ActivationMaps!, Maps, network.ClassCount, OnnxGraph.AnySize, OnnxGraph.AnySize);
        byte[] whole = graph.ToBytes(), slim = OnnxGraph.RemoveOutputs(whole, Maps);
        Assert.Equal(nodes + 1, NodesOf(whole) - NodesOf(slim)); // and the one that gives them their name
        Assert.True(slim.Length < whole.Length);

        using var with = new InferenceSession(whole);
        using var without = new InferenceSession(slim);
        Assert.Equal([OnnxExporter.LogitsName], without.OutputNames);
        Tensor rows = NetworkCases.Rows(network.Shape, 3);
        Assert.Equal(Logits(with, rows), Logits(without, rows));
    }

    private static int NodesOf(byte[] model) => ModelProto.Parser.ParseFrom(model).Graph.Node.Count;

    private static float[] Logits(InferenceSession session, Tensor rows)
    {
        using OrtValue input = OrtValue.CreateTensorValueFromMemory(rows.to(ScalarType.Float32).data<float>().ToArray(), rows.shape);
        using var options = new RunOptions();
        using var outputs = session.Run(options, session.InputNames, [input], [OnnxExporter.LogitsName]);
        return outputs[0].GetTensorDataAsSpan<float>().ToArray();
    }
}
