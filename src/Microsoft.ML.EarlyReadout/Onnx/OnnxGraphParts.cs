using Google.Protobuf;
using Microsoft.ML.EarlyReadout.OnnxProto;

namespace Microsoft.ML.EarlyReadout.Networks;

/// <content>Models that compute a part of what a finished one does.</content>
public sealed partial class OnnxGraph
{
    /// <summary>
    /// A model without some of its outputs, and without the nodes and constants that nothing else needs: a runtime computes them all.
    /// </summary>
    /// <param name="model">The bytes of an <c>.onnx</c> file.</param>
    /// <param name="outputs">The outputs' names.</param>
    internal static byte[] RemoveOutputs(byte[] model, params string[] outputs)
    {
        ModelProto slim = ModelProto.Parser.ParseFrom(model);
        GraphProto graph = slim.Graph;
        foreach (string output in outputs) graph.Output.Remove(graph.Output.Single(value => value.Name == output));
        GraphPruning.Prune(graph);
        return slim.ToByteArray();
    }

    /// <summary>A model that gives values from within it, and nothing else.</summary>
    /// <param name="model">The bytes of an <c>.onnx</c> file.</param>
    /// <param name="outputs">Each output with the float32 value that it gives.</param>
    internal static byte[] Giving(byte[] model, IEnumerable<(string Output, string Value)> outputs)
    {
        ModelProto part = ModelProto.Parser.ParseFrom(model);
        GraphProto graph = part.Graph;
        graph.Output.Clear();
        foreach ((string output, string value) in outputs)
        {
            graph.Node.Add(new NodeProto { OpType = "Identity", Name = "node_" + output, Input = { value }, Output = { output } });
            // Without a shape: readers of the graph infer it.
            var tensor = new TypeProto.Types.Tensor { ElemType = (int)ElementType.Float32 };
            graph.Output.Add(new ValueInfoProto { Name = output, Type = new TypeProto { TensorType = tensor } });
        }

        GraphPruning.Prune(graph);
        return part.ToByteArray();
    }

    /// <summary>A model that reads a value of whole numbers, (N, L), which nodes of this one make, and without those.</summary>
    /// <param name="model">The bytes of an <c>.onnx</c> file.</param>
    /// <param name="value">The value's name.</param>
    /// <param name="name">The name of the only input; by default the value's.</param>
    internal static byte[] StartAt(byte[] model, string value, string? name = null)
    {
        ModelProto rest = ModelProto.Parser.ParseFrom(model);
        GraphProto graph = rest.Graph;
        graph.Input.Add(Value(name ?? value, [AnySize], ElementType.Int32));
        graph.Node.Remove(graph.Node.Single(node => node.Output.Contains(value)));
        foreach (NodeProto node in graph.Node)
            for (int i = 0; i < node.Input.Count; i++)
                if (node.Input[i] == value) node.Input[i] = name ?? value;
        GraphPruning.Prune(graph); // the inputs too that the value was made of
        return rest.ToByteArray();
    }
}
