using System.Globalization;
using Microsoft.ML.EarlyReadout.OnnxProto;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// Finds the tensors of a residual network in an ONNX graph and gives them torchvision's names (<c>conv1.weight</c>,
/// <c>layer1.0.bn1.bias</c>, …), by following the nodes from the input: their own names are whatever the exporter chose.
/// </summary>
/// <remarks>
/// What the shapes of the weights do not tell is checked here, so that a network with these weights computes what the graph does:
/// strides, padding, ε, and that there are no other nodes. Padding that lacks the last row and column, as some frameworks have at
/// stride 2, is equal where the sides are even.
/// </remarks>
/// <param name="graph">The graph.</param>
/// <param name="initializers">Its tensors by name.</param>
internal sealed class ResidualGraph(GraphProto graph, IReadOnlyDictionary<string, TensorProto> initializers)
{
    private const float Epsilon = 1e-5f;
    private const int LargeKernel = 7;
    private readonly ILookup<string, NodeProto> _readers =
        graph.Node.SelectMany(node => node.Input.Distinct().Select(input => (input, node))).ToLookup(pair => pair.input, pair => pair.node);

    private readonly HashSet<NodeProto> _passed = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<string, TensorProto> _tensors = [];

    /// <summary>Follows the graph.</summary>
    /// <returns>The tensors by torchvision's names.</returns>
    /// <exception cref="InvalidDataException">It is not the graph of such a network; the message, part of a sentence, says what was
    /// found.</exception>
    public Dictionary<string, TensorProto> NameTensors()
    {
        string[] inputs = [.. graph.Input.Select(input => input.Name).Where(name => !initializers.ContainsKey(name))];
        if (inputs.Length != 1) throw Fault(FormattableString.Invariant($"it has {inputs.Length} inputs; expected 1, the images"));
        CheckOrder(inputs[0]);
        Tail(Blocks(Stem(inputs[0])));
        if (graph.Node.FirstOrDefault(node => !_passed.Contains(node)) is { } other)
            throw Fault($"there is another node, {Describe(other)}");
        return _tensors;
    }

    /// <summary>ONNX lists nodes in an order in which they can be computed: where that holds, no way through them is endless.</summary>
    private void CheckOrder(string input)
    {
        HashSet<string> known = [input, "", .. initializers.Keys]; // without a name: an input that is left out
        foreach (NodeProto node in graph.Node)
        {
            if (node.Output.Count == 0 || !node.Input.All(known.Contains) || !node.Output.All(known.Add))
                throw Fault($"{Describe(node)} has an input that no earlier node computes, an output name that already exists, or no "
                    + "output");
        }
    }

    private string Stem(string value)
    {
        NodeProto convolution = Next(value, "Conv");
        bool large = KernelOf(convolution) == LargeKernel;
        value = Next(Normalized(convolution, "conv1", "bn1", stride: large ? 2 : 1), "Relu").Output[0];
        if (!large) return value;
        NodeProto pool = Next(value, "MaxPool");
        CheckWindow(pool, kernel: 3, stride: 2);
        return pool.Output[0];
    }

    private string Blocks(string value)
    {
        for (int stage = 0, block = 0; _readers[value].Any(IsConvolution); block++)
        {
            List<NodeProto>[] paths = [.. _readers[value].Where(IsConvolution).Select(Path).OrderByDescending(path => path.Count)];
            NodeProto[] ends = [.. paths.Select(path => path[^1]), .. _readers[value].Where(node => !IsConvolution(node))];
            List<NodeProto> main = paths[0][..^1], shortcut = paths.Length == 2 ? paths[1][..^1] : [];
            if (ends.Length != 2 || ends[0] != ends[1] || main.Count is not (2 or 3) || shortcut.Count > 1)
                throw Fault($"what is computed from '{value}' is no basic block and no bottleneck");
            int strided = main.Count - 2; // the first convolution of 3×3 pixels
            if (stage == 0 || StrideOf(main[strided]) > 1) (stage, block) = (stage + 1, 0);
            int stride = stage > 1 && block == 0 ? 2 : 1;
            string name = FormattableString.Invariant($"layer{stage}.{block}.");
            for (int i = 0; i < main.Count; i++)
            {
                string number = (i + 1).ToString(CultureInfo.InvariantCulture);
                Normalized(main[i], $"{name}conv{number}", $"{name}bn{number}", i == strided ? stride : 1);
            }

            if (shortcut is [var convolution]) Normalized(convolution, $"{name}downsample.0", $"{name}downsample.1", stride);
            value = Next(ends[0].Output[0], "Relu").Output[0];
        }

        return value;
    }

    /// <summary>The convolutions from one that reads a block's input to the addition at its end, and that addition.</summary>
    private List<NodeProto> Path(NodeProto convolution)
    {
        List<NodeProto> path = [convolution];
        while (true)
        {
            NodeProto next = Next(Next(path[^1].Output[0], "BatchNormalization").Output[0], "Relu", "Add");
            if (next.OpType == "Relu") next = Next(next.Output[0], "Conv");
            path.Add(next);
            if (next.OpType == "Add") return path;
        }
    }

    private void Tail(string value)
    {
        if (!_readers[value].Any()) return;
        value = Next(value, "GlobalAveragePool", "AveragePool").Output[0];
        if (_readers[value].Any(node => node.OpType is "Flatten" or "Reshape")) value = Next(value, "Flatten", "Reshape").Output[0];
        if (!_readers[value].Any()) return;
        NodeProto linear = Next(value, "Gemm");
        bool isPlain = linear.Input.Count == 3 && Integer(linear, "transB", 0) == 1 && Integer(linear, "transA", 0) == 0
            && (Attribute(linear, "alpha")?.F ?? 1) == 1 && (Attribute(linear, "beta")?.F ?? 1) == 1;
        if (!isPlain) throw Fault($"{Describe(linear)} is not x·Wᵀ + b");
        Name("fc.weight", linear, 1);
        Name("fc.bias", linear, 2);
    }

    /// <summary>Names the tensors of a convolution and of the batch norm that reads it.</summary>
    /// <returns>The value after batch norm.</returns>
    private string Normalized(NodeProto convolution, string name, string normName, int stride)
    {
        _passed.Add(convolution);
        CheckWindow(convolution, KernelOf(convolution), stride);
        if (Integer(convolution, "group", 1) != 1) throw Fault($"{Describe(convolution)} works by groups of channels");
        Name($"{name}.weight", convolution, 1);
        NodeProto norm = Next(convolution.Output[0], "BatchNormalization");
        if (convolution.Input.Count > 2) throw Fault($"{Describe(convolution)} has a bias besides batch norm");
        float epsilon = Attribute(norm, "epsilon")?.F ?? Epsilon;
        if (epsilon != Epsilon) throw Fault(FormattableString.Invariant($"{Describe(norm)} has ε {epsilon}; expected {Epsilon}"));
        Name($"{normName}.weight", norm, 1);
        Name($"{normName}.bias", norm, 2);
        Name($"{normName}.running_mean", norm, 3);
        Name($"{normName}.running_var", norm, 4);
        return norm.Output[0];
    }

    private void Name(string name, NodeProto node, int input)
    {
        _tensors[name] = node.Input.Count > input && initializers.TryGetValue(node.Input[input], out TensorProto? tensor)
            ? tensor
            : throw Fault($"{Describe(node)} does not read its {name} from a tensor in the file");
    }

    /// <summary>The one node that reads a value, which must be of one of some kinds.</summary>
    private NodeProto Next(string value, params string[] kinds)
    {
        NodeProto[] readers = [.. _readers[value]];
        if (readers.Length == 1 && IsStandard(readers[0]) && kinds.Contains(readers[0].OpType))
        {
            _passed.Add(readers[0]);
            return readers[0];
        }

        string found = readers.Length == 0 ? "nothing" : string.Join(" and ", readers.Select(Describe));
        string hint = kinds is ["BatchNormalization"]
            ? ". Exporters fold batch norm into the convolution before it unless told otherwise: with Python, torch.onnx.export(…, "
                + "training=torch.onnx.TrainingMode.PRESERVE, do_constant_folding=False) of the network in evaluation leaves it"
            : "";
        throw Fault($"'{value}' is read by {found}; expected {string.Join(" or ", kinds)}{hint}");
    }

    private int KernelOf(NodeProto convolution) =>
        convolution.Input.Count > 1 && initializers.TryGetValue(convolution.Input[1], out TensorProto? weight)
            && weight.Dims is [_, _, var height, var width] && height == width && height is > 0 and <= LargeKernel
            ? (int)height
            : throw Fault(
                $"{Describe(convolution)} has no weights for a square of at most {LargeKernel} × {LargeKernel} pixels in the file");

    private static int StrideOf(NodeProto node) => (int)(Attribute(node, "strides")?.Ints.FirstOrDefault() ?? 1);

    private static void CheckWindow(NodeProto node, int kernel, int stride)
    {
        long before = kernel / 2;
        long after = Attribute(node, "pads")?.Ints.LastOrDefault() ?? 0;
        if (after != before && !(stride == 2 && after == before - 1)) after = before;
        Check("kernel_shape", kernel, kernel);
        Check("strides", stride, stride);
        Check("dilations", 1, 1);
        Check("pads", before, before, after, after);
        string automatic = Attribute(node, "auto_pad")?.S.ToStringUtf8() ?? "";
        if (automatic is not ("" or "NOTSET")) throw Fault($"{Describe(node)} has auto_pad '{automatic}'; expected pads");
        if (Integer(node, "ceil_mode", 0) != 0) throw Fault($"{Describe(node)} has ceil_mode; expected none");

        void Check(string name, params long[] expected)
        {
            AttributeProto? found = Attribute(node, name);
            long[] values = found is null ? name is "pads" ? [0, 0, 0, 0] : name is "kernel_shape" ? expected : [1, 1] : [.. found.Ints];
            if (!values.SequenceEqual(expected))
                throw Fault($"{Describe(node)} has {name} ({string.Join(", ", values)}); expected ({string.Join(", ", expected)})");
        }
    }

    private static bool IsConvolution(NodeProto node) => IsStandard(node) && node.OpType == "Conv";

    private static bool IsStandard(NodeProto node) => node.Domain is "" or "ai.onnx";

    private static AttributeProto? Attribute(NodeProto node, string name) =>
        node.Attribute.FirstOrDefault(attribute => attribute.Name == name);

    private static long Integer(NodeProto node, string name, long otherwise) => Attribute(node, name)?.I ?? otherwise;

    private static string Describe(NodeProto node) =>
        node.Name.Length > 0 ? $"{node.OpType} '{node.Name}'" : $"{node.OpType} → '{node.Output.FirstOrDefault()}'";

    private static InvalidDataException Fault(string what) => new($"it is not the graph of a residual network that can be read: {what}");
}
