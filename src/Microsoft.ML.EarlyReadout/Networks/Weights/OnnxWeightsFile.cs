using System.Runtime.InteropServices;
using Google.Protobuf;
using Microsoft.ML.EarlyReadout.OnnxProto;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>The weights in the ONNX model of a residual network, under torchvision's names, whatever the model calls them.</summary>
/// <remarks>All of the file is read and checked when it is opened; the model stays in memory until it is disposed.</remarks>
/// <threadsafety>Not thread-safe.</threadsafety>
internal sealed class OnnxWeightsFile : IWeightsFile
{
    private const string Extension = ".onnx";

    private static readonly Dictionary<int, (ScalarType Type, string Name)> _floats = new()
    {
        [1] = (ScalarType.Float32, "FLOAT"),
        [10] = (ScalarType.Float16, "FLOAT16"),
        [11] = (ScalarType.Float64, "DOUBLE"),
        [16] = (ScalarType.BFloat16, "BFLOAT16"),
    };

    private readonly Dictionary<string, TensorProto> _tensors;

    private OnnxWeightsFile(string path, Dictionary<string, TensorProto> tensors) => (Path, _tensors) = (path, tensors);

    /// <inheritdoc/>
    public string Path { get; }

    /// <inheritdoc/>
    public IReadOnlyCollection<string> Names => _tensors.Keys;

    /// <summary>Whether a file's name says that it is an ONNX model.</summary>
    public static bool HasExtension(string path) => path.EndsWith(Extension, StringComparison.OrdinalIgnoreCase);

    /// <summary>Reads and checks a file.</summary>
    /// <exception cref="InvalidDataException">It is no ONNX model of a residual network, damaged, or incomplete; the message says what was
    /// found.</exception>
    public static OnnxWeightsFile Open(string path)
    {
        NativeBackend.EnsureLoaded();
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        try
        {
            GraphProto graph = Parse(stream);
            Dictionary<string, TensorProto> initializers = [];
            foreach (TensorProto tensor in graph.Initializer)
                if (!initializers.TryAdd(tensor.Name, tensor)) throw new InvalidDataException($"it holds the tensor '{tensor.Name}' twice");
            Dictionary<string, TensorProto> tensors = new ResidualGraph(graph, initializers).NameTensors();
            foreach (TensorProto tensor in tensors.Values) Check(tensor);
            return new OnnxWeightsFile(stream.Name, tensors);
        }
        catch (InvalidDataException fault)
        {
            throw new InvalidDataException($"The weights in '{stream.Name}' cannot be read: {Excerpt.Of(fault.Message)}.", fault);
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<long> Shape(string name) => _tensors[name].Dims;

    /// <inheritdoc/>
    public string TypeName(string name) =>
        _floats.TryGetValue(_tensors[name].DataType, out (ScalarType, string Name) known)
            ? known.Name
            : FormattableString.Invariant($"ONNX data type {_tensors[name].DataType}");

    /// <inheritdoc/>
    public bool HoldsFloats(string name) => _floats.ContainsKey(_tensors[name].DataType);

    /// <inheritdoc/>
    public Tensor Read(string name)
    {
        TensorProto stored = _tensors[name];
        Tensor tensor = empty([.. stored.Dims], _floats[stored.DataType].Type, CPU);
        Bytes(stored).CopyTo(tensor.bytes);
        return tensor;
    }

    /// <inheritdoc/>
    public void Dispose() { }

    private static GraphProto Parse(FileStream stream)
    {
        if (ForeignFile.Describe(stream) is { } other) throw new InvalidDataException(other);
        stream.Position = 0;
        try
        {
            // A message of more than 2 GB cannot be read in one piece.
            return stream.Length <= int.MaxValue && ModelProto.Parser.ParseFrom(stream).Graph is { } graph
                ? graph
                : throw new InvalidDataException("it is no ONNX model, for it holds no graph of at most 2 GB");
        }
        catch (InvalidProtocolBufferException error)
        {
            throw new InvalidDataException(
                $"it is no ONNX model, or one that is damaged or cut short ({error.Message.TrimEnd('.')})", error);
        }
    }

    private static void Check(TensorProto tensor)
    {
        if (tensor.DataLocation == TensorProto.Types.DataLocation.External)
        {
            throw new InvalidDataException($"the numbers of the tensor '{tensor.Name}' are in another file (external data). "
                + "With Python, onnx.save(onnx.load('model.onnx'), 'whole.onnx') writes one file");
        }

        // A tensor of another type is named, with the parameter it was meant for, when the weights are loaded.
        if (!_floats.TryGetValue(tensor.DataType, out (ScalarType Type, string) known)) return;
        UInt128 expected = tensor.Dims.Aggregate((UInt128)known.Type.ElementSize(), Multiply);
        if ((UInt128)Bytes(tensor).Length != expected)
        {
            throw new InvalidDataException($"the tensor '{tensor.Name}' has shape ({string.Join(", ", tensor.Dims)}), "
                + FormattableString.Invariant($"so {expected} bytes are expected; {Bytes(tensor).Length} found"));
        }
    }

    // A negative side, and a product beyond any file, are as wrong as a byte too many.
    private static UInt128 Multiply(UInt128 product, long side) =>
        side < 0 ? ulong.MaxValue : UInt128.Min(product, ulong.MaxValue) * (ulong)side;

    private static ReadOnlySpan<byte> Bytes(TensorProto tensor) =>
        tensor.FloatData.Count > 0 && _floats[tensor.DataType].Type == ScalarType.Float32
            ? MemoryMarshal.AsBytes<float>(tensor.FloatData.ToArray())
            : tensor.RawData.Span;
}
