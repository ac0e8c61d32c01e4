using Google.Protobuf;
using Microsoft.ML.EarlyReadout.OnnxProto;

namespace MLSieve.Tests;

/// <summary>
/// A pipeline as ML.NET's converter writes it: a column X gives the output X.output, beside operators of the domain ai.onnx.ml.
/// </summary>
internal static class ExportedPrefix
{
    /// <summary>
    /// Doubles a row of the input <c>features</c> into the column Features; its names clash with the network's on purpose.
    /// </summary>
    public static byte[] Doubling(int length, long opset)
    {
        var scaler = new NodeProto
        {
            OpType = "Scaler",
            Domain = "ai.onnx.ml",
            Name = "node_Gemm_1",
            Input = { "features" },
            Output = { "Gemm_1" },
        };
        scaler.Attribute.Add(new AttributeProto { Name = "offset", Type = AttributeProto.Types.AttributeType.Floats, Floats = { 0f } });
        scaler.Attribute.Add(new AttributeProto { Name = "scale", Type = AttributeProto.Types.AttributeType.Floats, Floats = { 2f } });
        var graph = new GraphProto { Name = "prefix" };
        graph.Node.Add(scaler);
        graph.Node.Add(new NodeProto { OpType = "Identity", Name = "identity", Input = { "Gemm_1" }, Output = { "Features.output" } });
        graph.Node.Add(
            new NodeProto
            {
                OpType = "Cast",
                Name = "cast",
                Input = { "Gemm_1" },
                Output = { "Label.output" },
                Attribute = { new AttributeProto { Name = "to", Type = AttributeProto.Types.AttributeType.Int, I = 7 } },
            });
        graph.Input.Add(Value("features", 1));
        graph.Output.Add(Value("Features.output", 1));
        graph.Output.Add(Value("Label.output", 7));
        return new ModelProto
        {
            IrVersion = 6,
            Graph = graph,
            OpsetImport =
            {
                new OperatorSetIdProto { Domain = "", Version = opset },
                new OperatorSetIdProto { Domain = "ai.onnx.ml", Version = 2 },
            },
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
                    Shape = new TensorShapeProto
                    {
                        Dim =
                        {
                            new TensorShapeProto.Types.Dimension { DimParam = "rows" },
                            new TensorShapeProto.Types.Dimension { DimValue = length },
                        },
                    },
                },
            },
        };
    }
}
