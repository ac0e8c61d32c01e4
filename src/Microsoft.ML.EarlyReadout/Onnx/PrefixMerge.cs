using System.Runtime.InteropServices;
using Google.Protobuf;
using Microsoft.ML.EarlyReadout.OnnxProto;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Puts an exported ML.NET pipeline in front of a graph, so that one model goes from raw columns to scores.</summary>
internal static class PrefixMerge
{
    private const long OldestOpset = 9;
    private const long InitializersNeedNotBeInputs = 4;

    /// <summary>Joins two models: those of the prefix's inputs that are needed, the nodes of both, the outputs of the graph; at the
    /// prefix's operator versions.</summary>
    /// <param name="prefixModel">The bytes of a model such as <c>ConvertToOnnx</c> writes; operators of any domain stay as they
    /// are.</param>
    /// <param name="graphModel">The bytes of a model of ours with one input.</param>
    /// <param name="prefixOutput">The prefix's float32 output that the graph reads, or the ML.NET column behind it; a flat row is given the
    /// graph's shape.</param>
    /// <returns>The joined model.</returns>
    /// <exception cref="InvalidDataException">The prefix is no ONNX model, has no such output, or does not fit the graph.</exception>
    public static byte[] Append(byte[] prefixModel, byte[] graphModel, string prefixOutput)
    {
        ModelProto model = Parse(prefixModel);
        GraphProto prefix = model.Graph, graph = ModelProto.Parser.ParseFrom(graphModel).Graph;
        CheckOpset(model, graph);
        ValueInfoProto input = graph.Input.Single();
        Dictionary<string, string> names = Renaming(prefix, graph);
        names[input.Name] = Shaped(prefix, OutputToFollow(prefix, prefixOutput), input, names.Values);

        HashSet<string> nodeNames = [.. prefix.Node.Select(node => node.Name)];
        foreach (NodeProto node in graph.Node)
        {
            node.Name = Unused(node.Name, nodeNames);
            // empty: an input left out
            for (int i = 0; i < node.Input.Count; i++) node.Input[i] = names.GetValueOrDefault(node.Input[i], node.Input[i]);
            for (int i = 0; i < node.Output.Count; i++) node.Output[i] = names[node.Output[i]];
        }
        foreach (TensorProto initializer in graph.Initializer) initializer.Name = names[initializer.Name];

        prefix.Node.AddRange(graph.Node);
        prefix.Initializer.AddRange(graph.Initializer);
        prefix.Output.Clear();
        prefix.Output.AddRange(graph.Output);
        // Shapes within are hints. ML.NET's of a one-hot column are wrong, and ONNX Runtime warns of it each time it opens the graph.
        prefix.ValueInfo.Clear();
        // ML.NET exports every column of a view, and who scores a row has no label for it.
        GraphPruning.Prune(prefix);
        model.IrVersion = Math.Max(model.IrVersion, InitializersNeedNotBeInputs);
        return model.ToByteArray();
    }

    private static ModelProto Parse(byte[] prefixModel)
    {
        try
        {
            ModelProto model = ModelProto.Parser.ParseFrom(prefixModel);
            if (model.Graph is { } graph && graph.Output.Count > 0) return model;
        }
        catch (InvalidProtocolBufferException error)
        {
            throw new InvalidDataException(
                $"The prefix is not an ONNX model ({error.Message}). Give the bytes that ConvertToOnnx writes.", error);
        }
        throw new InvalidDataException("The prefix is not an ONNX model with outputs. Give the bytes that ConvertToOnnx writes.");
    }

    private static void CheckOpset(ModelProto model, GraphProto graph)
    {
        long opset = model.OpsetImport.Where(import => import.Domain is "" or "ai.onnx").Select(import => import.Version).FirstOrDefault();
        if (opset == 0)
        {
            // it uses operators of other domains only
            model.OpsetImport.Add(new OperatorSetIdProto { Domain = "", Version = OnnxGraph.Opset });
            return;
        }
        (long oldest, string newest) = graph.Node.Select(node => (OldestOpsetOf(node), node.OpType)).MaxBy(each => each.Item1);
        if (opset >= oldest && opset <= OnnxGraph.Opset) return;
        string because = oldest > OldestOpset ? $", for it has the operator {newest}" : "";
        throw new InvalidDataException(
            $"The prefix is written for opset {opset}; this network can follow one of opset {oldest} to {OnnxGraph.Opset}{because}. Export "
                + "it anew for such a version.");
    }

    /// <summary>The first version in which an operator is written as our layers write it; most mean the same throughout.</summary>
    private static long OldestOpsetOf(NodeProto node) => node.OpType switch
    {
        "TopK" => 10, // its count is an input
        "MaxPool" when node.Attribute.Any(attribute => attribute.Name == "ceil_mode") => 10,
        "CumSum" => 11,
        "ReduceMax" when node.Attribute.Any(attribute => attribute.Name == "axes" && attribute.Ints.Any(axis => axis < 0)) => 11,
        "Unsqueeze" or "ReduceSum" when node.Input.Count > 1 => 13, // their axes are an input
        "LayerNormalization" => 17,
        _ => OldestOpset,
    };

    private static ValueInfoProto OutputToFollow(GraphProto prefix, string name)
    {
        ValueInfoProto joint = prefix.Output.FirstOrDefault(output => output.Name == name)
            ?? prefix.Output.FirstOrDefault(output => output.Name == name + ".output") // how ML.NET names the output of a column
            ?? throw new InvalidDataException(
                $"The prefix has no output '{name}'. Its outputs are "
                    + $"{string.Join(", ", prefix.Output.Select(output => $"'{output.Name}'"))}.");
        if (joint.Type?.TensorType is { } tensor && tensor.ElemType != (int)ElementType.Float32)
            throw new InvalidDataException(
                $"The prefix's output '{joint.Name}' has ONNX element type {tensor.ElemType}; expected {(int)ElementType.Float32} "
                    + "(float32).");
        return joint;
    }

    /// <summary>Fresh names for those values of the graph whose names the prefix has used; the graph's outputs keep theirs.</summary>
    private static Dictionary<string, string> Renaming(GraphProto prefix, GraphProto graph)
    {
        HashSet<string> taken = [.. Names(prefix)];
        HashSet<string> outputs = [.. graph.Output.Select(output => output.Name)];
        if (outputs.FirstOrDefault(taken.Contains) is { } clash)
            throw new InvalidDataException(
                $"The prefix already has a value named '{clash}', as an output of the network is. Rename the prefix's column.");
        taken.UnionWith(outputs);
        return Names(graph).Distinct().ToDictionary(name => name, name => outputs.Contains(name) ? name : Unused(name, taken));
    }

    /// <summary>The value that the graph reads: the joint, or where a row has several dimensions, the joint in that shape.</summary>
    private static string Shaped(GraphProto prefix, ValueInfoProto joint, ValueInfoProto input, IEnumerable<string> names)
    {
        long[] wanted = [.. input.Type.TensorType.Shape.Dim.Skip(1).Select(dimension => dimension.DimValue)];
        long[] given = [.. joint.Type?.TensorType?.Shape?.Dim.Skip(1).Select(dimension => dimension.DimValue) ?? []];
        if (given.Length > 0 && given.All(size => size > 0) && Count(given) != Count(wanted))
            throw new InvalidDataException(
                $"The prefix's output '{joint.Name}' has {Count(given)} numbers a row; the network reads {Count(wanted)}.");
        if (wanted.Length == 1) return joint.Name;
        HashSet<string> taken = [.. Names(prefix), .. names];
        string shape = Unused("row_shape", taken), shaped = Unused(input.Name, taken);
        long[] dimensions = [-1, .. wanted];
        prefix.Initializer.Add(
            new TensorProto
            {
                Name = shape,
                DataType = (int)ElementType.Int64,
                Dims = { dimensions.Length },
                RawData = ByteString.CopyFrom(MemoryMarshal.AsBytes<long>(dimensions)),
            });
        prefix.Node.Add(new NodeProto { OpType = "Reshape", Name = "node_" + shaped, Input = { joint.Name, shape }, Output = { shaped } });
        return shaped;
    }

    private static long Count(long[] dimensions) => dimensions.Aggregate(1L, (product, size) => product * size);

    private static IEnumerable<string> Names(GraphProto graph) => graph.Input.Select(input => input.Name)
        .Concat(graph.Initializer.Select(initializer => initializer.Name))
        .Concat(graph.Node.SelectMany(node => node.Output))
        .Where(name => name.Length > 0);

    private static string Unused(string name, HashSet<string> taken)
    {
        string candidate = name;
        for (int i = 2; !taken.Add(candidate); i++) candidate = FormattableString.Invariant($"{name}_network{i}");
        return candidate;
    }
}
