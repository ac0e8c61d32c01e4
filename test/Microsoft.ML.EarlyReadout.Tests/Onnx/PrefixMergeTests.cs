using Google.Protobuf;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.EarlyReadout.OnnxProto;
using Microsoft.ML.OnnxRuntime;
using static TorchSharp.torch;

namespace MLSieve.Tests;

public sealed class PrefixMergeTests
{
    [Theory]
    [InlineData(9)]
    [InlineData(12)]
    [InlineData(15)]
    [InlineData(17)]
    public void The_joined_model_computes_the_network_after_the_prefix(long opset)
    {
        using var scope = NewDisposeScope();
        using StagedNetwork network = NetworkCases.Create("Mlp");
        byte[] joined = PrefixMerge.Append(ExportedPrefix.Doubling(7, opset), OnnxExporter.ToBytes(network), "Features");
        using var session = new InferenceSession(joined);
        Assert.Equal(["features"], session.InputNames); // the prefix's, though the network's has that name too
        Assert.Equal([OnnxExporter.LogitsName], session.OutputNames);
        Assert.Equal("kept", session.ModelMetadata.CustomMetadataMap["theirs"]);

        Tensor rows = NetworkCases.Rows(network.Shape, 5);
        ParityCheck.Verify(network, _ => Run(session, rows), rows.mul(Scalars.Of(2)));
    }

    [Fact]
    public void A_flat_row_of_the_prefix_becomes_an_image_of_the_network()
    {
        using var scope = NewDisposeScope();
        using StagedNetwork network = NetworkCases.Create("SqueezeNet11");
        byte[] joined = PrefixMerge.Append(
            ExportedPrefix.Doubling(network.Shape.Size, 12), OnnxExporter.ToBytes(network), "Features.output");
        using var session = new InferenceSession(joined);
        Tensor rows = NetworkCases.Rows(network.Shape, 3).to(ScalarType.Float32);
        ParityCheck.Verify(network, _ => Run(session, rows.reshape(3, -1)), rows.mul(Scalars.Of(2)));
    }

    [Theory]
    [InlineData("ConvNet", 9)]
    [InlineData("ConvNet", 12)]
    [InlineData("ResNet18", 9)]
    [InlineData("ResNet18", 12)]
    public void The_graph_of_a_model_of_images_runs_after_a_prefix_of_the_versions_that_ML_NET_exports(string name, long opset)
    {
        using var scope = NewDisposeScope();
        using StagedNetwork network = NetworkCases.Create(name);
        ScoringGraph graph = GraphOf(network);
        using var session = new InferenceSession(
            PrefixMerge.Append(ExportedPrefix.Doubling(network.Shape.Size, opset), graph.Bytes, "Features"));
        Tensor rows = NetworkCases.Rows(network.Shape, 3).to(ScalarType.Float32), flat = rows.reshape(3, -1);
        float[] logits = Run(session, flat, graph.Logits);
        ParityCheck.Verify(network, _ => logits, rows.mul(Scalars.Of(2)));
        // The means of a class's map, and its bias, are its logit.
        Tensor maps = tensor(Run(session, flat, graph.ActivationMaps!)).reshape(3, NetworkCases.Classes, -1); // (N, C, h·w)
        Tensor bias = network.get_parameter(network.HeadName + ".bias")!;
        Assert.True(allclose(maps.mean([2]).add(bias), tensor(logits).reshape(3, -1), rtol: 1e-3, atol: 1e-3));
    }

    [Theory]
    [InlineData("SqueezeNet11", 9, "one of opset 10 to 17, for it has the operator MaxPool")]
    [InlineData("Bert", 12, "one of opset 17 to 17, for it has the operator LayerNormalization")]
    public void A_prefix_of_older_operators_than_the_networks_is_refused_with_the_operator(string name, long opset, string message)
    {
        using StagedNetwork network = NetworkCases.Create(name);
        byte[] graph = OnnxExporter.ToBytes(network), prefix = ExportedPrefix.Doubling(network.Shape.Size, opset);
        Assert.Equal(
            $"The prefix is written for opset {opset}; this network can follow {message}. Export it anew for such a version.",
            Assert.Throws<InvalidDataException>(() => PrefixMerge.Append(prefix, graph, "Features")).Message);
    }

    [Fact]
    public void What_our_subset_of_the_format_does_not_name_survives()
    {
        ModelProto prefix = ModelProto.Parser.ParseFrom(ExportedPrefix.Doubling(7, 12));
        byte[] documented = [.. prefix.ToByteArray(), 0x32, 5, .. "hello"u8]; // field 6 of a model: its doc_string
        using StagedNetwork network = NetworkCases.Create("Mlp");
        byte[] joined = PrefixMerge.Append(documented, OnnxExporter.ToBytes(network), "Features");
        using var session = new InferenceSession(joined);
        Assert.Equal("hello", session.ModelMetadata.Description);
    }

    [Fact]
    public void A_prefix_that_does_not_fit_is_told_apart()
    {
        using StagedNetwork network = NetworkCases.Create("Mlp");
        byte[] graph = OnnxExporter.ToBytes(network);
        Fails("has no output 'Pixels'. Its outputs are 'Features.output', 'Label.output'", ExportedPrefix.Doubling(7, 12), "Pixels");
        Fails("has 8 numbers a row; the network reads 7", ExportedPrefix.Doubling(8, 12), "Features");
        Fails("'Label.output' has ONNX element type 7; expected 1 (float32)", ExportedPrefix.Doubling(7, 12), "Label");
        Fails("written for opset 18; this network can follow one of opset 9 to 17", ExportedPrefix.Doubling(7, 18), "Features");
        Fails("not an ONNX model", [1, 2, 3], "Features");
        Fails("not an ONNX model", [], "Features");

        void Fails(string message, byte[] prefix, string output) =>
            Assert.Contains(
                message, Assert.Throws<InvalidDataException>(() => PrefixMerge.Append(prefix, graph, output)).Message,
                StringComparison.Ordinal);
    }

    /// <summary>The whole graph of a model, with its maps.</summary>
    private static ScoringGraph GraphOf(StagedNetwork network)
    {
        var builder = new DataViewSchema.Builder();
        builder.AddColumn("Label", new KeyDataViewType(typeof(uint), NetworkCases.Classes));
        return ScoringGraph.Build(
            new ScoringColumns("Features", "Label", "Score", "PredictedLabel", network.Shape), StockHead.Fit(builder.ToSchema()["Label"]),
            margin: null, (graph, input) => new GraphValues(NetworkExport.Add(graph, network, input), []));
    }

    private static float[] Run(InferenceSession session, Tensor rows, string? output = null)
    {
        using OrtValue input = OrtValue.CreateTensorValueFromMemory(rows.data<float>().ToArray(), rows.shape);
        using var options = new RunOptions();
        using var outputs = session.Run(options, session.InputNames, [input], [output ?? session.OutputNames[0]]);
        return outputs[0].GetTensorDataAsSpan<float>().ToArray();
    }
}
