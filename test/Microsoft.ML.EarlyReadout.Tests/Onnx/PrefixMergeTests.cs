using Google.Protobuf;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.EarlyReadout.OnnxProto;
using Microsoft.ML.OnnxRuntime;
using static TorchSharp.torch;

namespace MLSieve.Tests;

/// <summary>The prefixes are written as ML.NET's converter writes them: a column X gives the output X.output, beside operators of the domain ai.onnx.ml.</summary>
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
        byte[] joined = PrefixMerge.Append(Prefix(7, opset), OnnxExporter.ToBytes(network), "Features");
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
        byte[] joined = PrefixMerge.Append(Prefix(network.Shape.Size, 12), OnnxExporter.ToBytes(network), "Features.output");
        using var session = new InferenceSession(joined);
        Tensor rows = NetworkCases.Rows(network.Shape, 3).to(ScalarType.Float32);
        ParityCheck.Verify(network, _ => Run(session, rows.reshape(3, -1)), rows.mul(Scalars.Of(2)));
    }

    [Fact]
    public void What_our_subset_of_the_format_does_not_name_survives()
    {
        ModelProto prefix = ModelProto.Parser.ParseFrom(Prefix(7, 12));
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
        Fails("has no output 'Pixels'. Its outputs are 'Features.output', 'Label.output'", Prefix(7, 12), "Pixels");
        Fails("has 8 numbers a row; the network reads 7", Prefix(8, 12), "Features");
        Fails("'Label.output' has ONNX element type 7; expected 1 (float32)", Prefix(7, 12), "Label");
        Fails("written for opset 18; this network can follow one of opset 9 to 17", Prefix(7, 18), "Features");
        Fails("not an ONNX model", [1, 2, 3], "Features");
        Fails("not an ONNX model", [], "Features");

        void Fails(string message, byte[] prefix, string output) =>
            Assert.Contains(message, Assert.Throws<InvalidDataException>(() => PrefixMerge.Append(prefix, graph, output)).Message, StringComparison.Ordinal);
    }

    /// <summary>Doubles a row, by an operator of ai.onnx.ml; its names clash with the network's on purpose.</summary>
    private static byte[] Prefix(int length, long opset)
    {
        var scaler = new NodeProto { OpType = "Scaler", Domain = "ai.onnx.ml", Name = "node_Gemm_1", Input = { "features" }, Output = { "Gemm_1" } };
        scaler.Attribute.Add(new AttributeProto { Name = "offset", Type = AttributeProto.Types.AttributeType.Floats, Floats = { 0f } });
        scaler.Attribute.Add(new AttributeProto { Name = "scale", Type = AttributeProto.Types.AttributeType.Floats, Floats = { 2f } });
        var graph = new GraphProto { Name = "prefix" };
        graph.Node.Add(scaler);
        graph.Node.Add(new NodeProto { OpType = "Identity", Name = "identity", Input = { "Gemm_1" }, Output = { "Features.output" } });
        graph.Node.Add(new NodeProto { OpType = "Cast", Name = "cast", Input = { "Gemm_1" }, Output = { "Label.output" }, Attribute = { new AttributeProto { Name = "to", Type = AttributeProto.Types.AttributeType.Int, I = 7 } } });
        graph.Input.Add(Value("features", 1));
        graph.Output.Add(Value("Features.output", 1));
        graph.Output.Add(Value("Label.output", 7));
        return new ModelProto
        {
            IrVersion = 6,
            Graph = graph,
            OpsetImport = { new OperatorSetIdProto { Domain = "", Version = opset }, new OperatorSetIdProto { Domain = "ai.onnx.ml", Version = 2 } },
            MetadataProps = { new StringStringEntryProto { Key = "theirs", Value = "kept" } },
        }.ToByteArray();

        ValueInfoProto Value(string name, int type) => new()
        {
            Name = name,
            Type = new TypeProto
            {
                TensorType = new TypeProto.Types.Tensor
                {
                    ElemType = type,
                    Shape = new TensorShapeProto { Dim = { new TensorShapeProto.Types.Dimension { DimParam = "rows" }, new TensorShapeProto.Types.Dimension { DimValue = length } } },
                },
            },
        };
    }

    private static float[] Run(InferenceSession session, Tensor rows)
    {
        using OrtValue input = OrtValue.CreateTensorValueFromMemory(rows.data<float>().ToArray(), rows.shape);
        using var options = new RunOptions();
        using var outputs = session.Run(options, session.InputNames, [input], session.OutputNames);
        return outputs[0].GetTensorDataAsSpan<float>().ToArray();
    }
}
