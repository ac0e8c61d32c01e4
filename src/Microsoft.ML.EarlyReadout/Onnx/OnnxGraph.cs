using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;
using Google.Protobuf;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout.OnnxProto;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout.Networks;

/// <summary>An ONNX graph that grows node by node: opset 17, float32, with a dynamic batch as each value's first dimension.</summary>
/// <threadsafety>Not thread-safe.</threadsafety>
[Experimental(ExperimentalId.OwnNetwork)]
public sealed partial class OnnxGraph
{
    /// <summary>The version of the standard operators that every node is written for.</summary>
    internal const int Opset = 17;

    /// <summary>A dimension that readers of the graph infer.</summary>
    internal const long AnySize = -1;

    private const int IrVersion = 8;

    private readonly GraphProto _graph;
    private readonly HashSet<string> _names = [];
    private readonly Dictionary<string, int> _counts = [];
    private readonly Dictionary<string, long> _otherDomains = [];

    /// <summary>Starts an empty graph.</summary>
    /// <param name="name">The graph's name, which viewers show.</param>
    public OnnxGraph(string name) => _graph = new GraphProto { Name = name };

    /// <summary>Adds a float32 input of shape (N, dimensions).</summary>
    /// <param name="name">Its name.</param>
    /// <param name="dimensionsWithoutBatch">The dimensions after the batch.</param>
    /// <returns>The name.</returns>
    /// <exception cref="ArgumentException">The name is taken.</exception>
    public string Input(string name, params long[] dimensionsWithoutBatch) => Input(name, ElementType.Float32, dimensionsWithoutBatch);

    /// <summary>Adds the input of a batch of examples.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="shape">The shape of an example.</param>
    /// <returns>The name.</returns>
    /// <exception cref="ArgumentException">The name is taken.</exception>
    internal string Input(string name, FeatureShape shape) =>
        Input(name, TypeOf(shape.GraphType), shape is TokenShape ? [AnySize] : shape.Dimensions);

    /// <summary>Adds an input of one text a row, strings of shape (N, 1), as ML.NET gives a text column.</summary>
    /// <param name="name">Its name.</param>
    /// <returns>The name.</returns>
    /// <exception cref="ArgumentException">The name is taken.</exception>
    internal string TextInput(string name) => Input(name, ElementType.Text, [1]);

    /// <summary>Adds a node with one output.</summary>
    /// <param name="opType">The operator, such as <c>Conv</c>.</param>
    /// <param name="inputs">The names of the values it reads; empty for an optional input that is left out.</param>
    /// <param name="attributes">Its attributes: integers, floating-point numbers, strings, or arrays of long, int, float or
    /// string.</param>
    /// <returns>The fresh name of the value that it computes.</returns>
    /// <exception cref="ArgumentException">An attribute has another type.</exception>
    public string Node(string opType, IReadOnlyList<string> inputs, params (string Name, object Value)[] attributes) =>
        Node(opType, inputs, 1, attributes)[0];

    /// <summary>Adds a node of an operator that is not one of the standard operators.</summary>
    /// <param name="domain">The operator's domain, such as <c>ai.onnx.ml</c>.</param>
    /// <param name="version">The version of the domain's operators; the same for all nodes of the domain.</param>
    /// <param name="opType">The operator.</param>
    /// <param name="inputs">The names of the values it reads.</param>
    /// <param name="attributes">Its attributes.</param>
    /// <returns>The fresh name of the value that it computes.</returns>
    internal string NodeOf(
        string domain, long version, string opType, IReadOnlyList<string> inputs, params (string Name, object Value)[] attributes)
    {
        string result = Node(opType, inputs, attributes);
        _graph.Node[^1].Domain = domain;
        _otherDomains[domain] = version;
        return result;
    }

    /// <summary>Adds a node with several outputs, such as <c>TopK</c>.</summary>
    /// <param name="opType">The operator.</param>
    /// <param name="inputs">The names of the values it reads; empty for an optional input that is left out.</param>
    /// <param name="outputs">How many outputs it has.</param>
    /// <param name="attributes">Its attributes: integers, floating-point numbers, strings, or arrays of long, int, float or
    /// string.</param>
    /// <returns>The fresh names of the values that it computes.</returns>
    /// <exception cref="ArgumentException">An attribute has another type.</exception>
    public IReadOnlyList<string> Node(
        string opType, IReadOnlyList<string> inputs, int outputs, params (string Name, object Value)[] attributes)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        ArgumentNullException.ThrowIfNull(attributes);
        string[] results = [.. Enumerable.Range(0, outputs).Select(_ => Fresh(opType))];
        var node = new NodeProto { OpType = opType, Name = "node_" + results[0] };
        node.Input.AddRange(inputs);
        node.Output.AddRange(results);
        node.Attribute.AddRange(attributes.Select(attribute => Attribute(attribute.Name, attribute.Value)));
        _graph.Node.Add(node);
        return results;
    }

    /// <summary>Adds a constant that holds the tensor's numbers.</summary>
    /// <param name="hint">What it is, such as <c>weight</c>: the start of its name.</param>
    /// <param name="value">A float32 or int64 tensor on any device.</param>
    /// <returns>Its fresh name.</returns>
    /// <exception cref="ArgumentException">The tensor has another type.</exception>
    public string Constant(string hint, Tensor value)
    {
        ArgumentNullException.ThrowIfNull(value);
        using var scope = NewDisposeScope();
        Tensor flat = value.detach().cpu().contiguous();
        return flat.dtype switch
        {
            ScalarType.Float32 => Constant(hint, flat.data<float>().ToArray(), flat.shape),
            ScalarType.Int64 => Constant(hint, flat.data<long>().ToArray(), flat.shape),
            _ => throw new ArgumentException($"A constant is float32 or int64; '{hint}' is {flat.dtype}.", nameof(value)),
        };
    }

    /// <summary>Adds a float32 constant.</summary>
    /// <param name="hint">What it is: the start of its name.</param>
    /// <param name="values">Its numbers in row-major order.</param>
    /// <param name="dimensions">Its dimensions; none for a single number.</param>
    /// <returns>Its fresh name.</returns>
    /// <exception cref="ArgumentException">The dimensions hold another count of numbers.</exception>
    public string Constant(string hint, ReadOnlySpan<float> values, params long[] dimensions) =>
        AddConstant(hint, ElementType.Float32, MemoryMarshal.AsBytes(values), values.Length, dimensions);

    /// <summary>Adds an int64 constant.</summary>
    /// <param name="hint">What it is: the start of its name.</param>
    /// <param name="values">Its numbers in row-major order.</param>
    /// <param name="dimensions">Its dimensions; none for a single number.</param>
    /// <returns>Its fresh name.</returns>
    /// <exception cref="ArgumentException">The dimensions hold another count of numbers.</exception>
    public string Constant(string hint, ReadOnlySpan<long> values, params long[] dimensions) =>
        AddConstant(hint, ElementType.Int64, MemoryMarshal.AsBytes(values), values.Length, dimensions);

    /// <summary>Adds an int32 constant: what indices and tokens are.</summary>
    /// <param name="hint">What it is: the start of its name.</param>
    /// <param name="values">Its numbers in row-major order.</param>
    /// <param name="dimensions">Its dimensions; none for a single number.</param>
    /// <returns>Its fresh name.</returns>
    /// <exception cref="ArgumentException">The dimensions hold another count of numbers.</exception>
    internal string Int32Constant(string hint, ReadOnlySpan<int> values, params long[] dimensions) =>
        AddConstant(hint, ElementType.Int32, MemoryMarshal.AsBytes(values), values.Length, dimensions);

    /// <summary>Makes a value an output of the graph, under a name of its own.</summary>
    /// <param name="value">The name of a float32 value.</param>
    /// <param name="name">The output's name; the value itself may bear it.</param>
    /// <param name="dimensionsWithoutBatch">The dimensions after the batch; <see cref="AnySize"/> where the graph's own shapes tell
    /// it.</param>
    /// <exception cref="ArgumentException">The name is taken by another value.</exception>
    public void Output(string value, string name, params long[] dimensionsWithoutBatch)
    {
        if (value != name)
        {
            Claim(name);
            _graph.Node.Add(new NodeProto { OpType = "Identity", Name = "node_" + name, Input = { value }, Output = { name } });
        }
        _graph.Output.Add(Value(name, dimensionsWithoutBatch));
    }

    /// <summary>The model as the bytes of an <c>.onnx</c> file.</summary>
    public byte[] ToBytes()
    {
        var model = new ModelProto
        {
            IrVersion = IrVersion,
            ProducerName = "MLSieve",
            ProducerVersion = PackageVersion.Of(typeof(OnnxGraph).Assembly),
            Graph = _graph,
            OpsetImport = { new OperatorSetIdProto { Domain = "", Version = Opset } },
        };
        model.OpsetImport.AddRange(_otherDomains.OrderBy(domain => domain.Key, StringComparer.Ordinal)
            .Select(domain => new OperatorSetIdProto { Domain = domain.Key, Version = domain.Value }));
        return model.ToByteArray();
    }

    private string AddConstant(string hint, ElementType type, ReadOnlySpan<byte> bytes, int count, long[] dimensions)
    {
        long expected = dimensions.Aggregate(1L, (product, dimension) => checked(product * dimension));
        if (expected != count)
            throw new ArgumentException(
                $"The constant '{hint}' has {count} numbers, but its dimensions ({string.Join(", ", dimensions)}) hold {expected}.",
                nameof(dimensions));
        string name = Fresh(hint);
        _graph.Initializer.Add(
            new TensorProto { Name = name, DataType = (int)type, Dims = { dimensions }, RawData = ByteString.CopyFrom(bytes) });
        return name;
    }

    private void Claim(string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (!_names.Add(name)) throw new ArgumentException($"The graph already has a value named '{name}'.", nameof(name));
    }

    private string Fresh(string hint)
    {
        string name;
        do
        {
            int count = _counts[hint] = _counts.GetValueOrDefault(hint) + 1;
            name = FormattableString.Invariant($"{hint}_{count}");
        }
        while (!_names.Add(name));
        return name;
    }

    private static ElementType TypeOf(NumberDataViewType numbers) =>
        numbers == NumberDataViewType.Single ? ElementType.Float32
        : numbers == NumberDataViewType.Int32 ? ElementType.Int32
        : throw new UnreachableException($"No element type of {numbers}.");

    private string Input(string name, ElementType type, long[] dimensionsWithoutBatch)
    {
        Claim(name);
        _graph.Input.Add(Value(name, dimensionsWithoutBatch, type));
        return name;
    }

    private static ValueInfoProto Value(string name, long[] dimensionsWithoutBatch, ElementType type = ElementType.Float32)
    {
        var shape = new TensorShapeProto { Dim = { new TensorShapeProto.Types.Dimension { DimParam = "N" } } };
        shape.Dim.AddRange(
            dimensionsWithoutBatch.Select(size => size == AnySize
                ? new TensorShapeProto.Types.Dimension()
                : new TensorShapeProto.Types.Dimension { DimValue = size }));
        var tensor = new TypeProto.Types.Tensor { ElemType = (int)type, Shape = shape };
        return new ValueInfoProto { Name = name, Type = new TypeProto { TensorType = tensor } };
    }

    private static AttributeProto Attribute(string name, object value) => value switch
    {
        int number => Integer(name, number),
        long number => Integer(name, number),
        float number => Real(name, number),
        double number => Real(name, (float)number),
        ElementType type => Integer(name, (int)type),
        string text =>
            new AttributeProto { Name = name, Type = AttributeProto.Types.AttributeType.String, S = ByteString.CopyFromUtf8(text) },
        long[] numbers => new AttributeProto { Name = name, Type = AttributeProto.Types.AttributeType.Ints, Ints = { numbers } },
        int[] numbers => new AttributeProto
        {
            Name = name,
            Type = AttributeProto.Types.AttributeType.Ints,
            Ints = { numbers.Select(number => (long)number) },
        },
        float[] numbers => new AttributeProto { Name = name, Type = AttributeProto.Types.AttributeType.Floats, Floats = { numbers } },
        string[] texts => new AttributeProto
        {
            Name = name,
            Type = AttributeProto.Types.AttributeType.Strings,
            Strings = { texts.Select(ByteString.CopyFromUtf8) },
        },
        _ => throw new ArgumentException(
            $"The attribute '{name}' is a {value?.GetType().Name ?? "null"}; it must be a number, a text or an array of either.",
            nameof(value)),
    };

    private static AttributeProto Integer(string name, long value) =>
        new() { Name = name, Type = AttributeProto.Types.AttributeType.Int, I = value };

    private static AttributeProto Real(string name, float value) =>
        new() { Name = name, Type = AttributeProto.Types.AttributeType.Float, F = value };
}
