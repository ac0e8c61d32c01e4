using Google.Protobuf;
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

    private static float[] Run(InferenceSession session, Tensor rows)
    {
        using OrtValue input = OrtValue.CreateTensorValueFromMemory(rows.data<float>().ToArray(), rows.shape);
        using var options = new RunOptions();
        using var outputs = session.Run(options, session.InputNames, [input], session.OutputNames);
        return outputs[0].GetTensorDataAsSpan<float>().ToArray();
    }
}
