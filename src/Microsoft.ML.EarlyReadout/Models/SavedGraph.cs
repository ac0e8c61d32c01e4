using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Google.Protobuf;
using Microsoft.ML.EarlyReadout.OnnxProto;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// The ONNX graph of a saved model. Stock ML.NET keeps its bytes as they are through loading and saving, so everything else about the model
/// travels in it, where no runtime looks: the description, the nodes of the maps and a digest among the texts of the model, and the trained
/// weights where ONNX has a place for what training starts from.
/// </summary>
internal sealed class SavedGraph
{
    private const string DescriptionKey = "EarlyReadout.Model";
    private const string MapsKey = "EarlyReadout.Maps";
    private const string DigestKey = "EarlyReadout.Digest";

    // What protobuf can hold, less room for names and for what says where the graph has a weight.
    private const long MostBytes = int.MaxValue - (1 << 20);

    // The numbers that ONNX gives to the types of elements.
    private static readonly (ScalarType Type, int Number)[] _elements =
    [
        (ScalarType.Float32, 1), (ScalarType.Byte, 2), (ScalarType.Int8, 3), (ScalarType.Int16, 5), (ScalarType.Int32, 6),
        (ScalarType.Int64, 7), (ScalarType.Bool, 9), (ScalarType.Float16, 10), (ScalarType.Float64, 11), (ScalarType.ComplexFloat32, 14),
        (ScalarType.ComplexFloat64, 15), (ScalarType.BFloat16, 16),
    ];

    private readonly ModelProto _model; // without the description and the digest

    private SavedGraph(ModelProto model, SavedDescription description)
    {
        _model = model;
        Description = description;
    }

    /// <summary>What the model says of itself.</summary>
    public SavedDescription Description { get; }

    /// <summary>The graph to be saved: without the outputs of maps, which a stock runtime would compute for every row.</summary>
    /// <exception cref="InvalidOperationException">It would be more than an ONNX file can hold.</exception>
    public static byte[] Write(ScoringGraph graph, SavedDescription description, TrainedWeights weights)
    {
        byte[] scoring = graph.WithoutMaps();
        ModelProto model = ModelProto.Parser.ParseFrom(scoring);
        if (graph.FeatureMaps is not null || graph.ActivationMaps is not null)
            Text(model, MapsKey, Without(ModelProto.Parser.ParseFrom(graph.Bytes).Graph, model.Graph).ToByteString().ToBase64());
        Text(model, DescriptionKey, description.ToJson());
        if (weights.Any) model.TrainingInfo.Add(Weights(weights.Tensors, model.Graph));
        CheckSize(scoring, model);
        Text(model, DigestKey, DigestOf(model));
        return model.ToByteArray();
    }

    /// <summary>Reads what a graph says of the model, and checks that no byte of it was changed.</summary>
    /// <param name="saved">The bytes of an <c>.onnx</c> file.</param>
    /// <returns><see langword="null"/> where it is a graph of another origin.</returns>
    /// <exception cref="InvalidDataException">A later version wrote it, or it was damaged.</exception>
    public static SavedGraph? Open(byte[] saved)
    {
        ModelProto model;
        try
        {
            model = ModelProto.Parser.ParseFrom(saved);
        }
        catch (InvalidProtocolBufferException)
        {
            return null;
        }

        if (Take(model, DigestKey) is not { } digest) return null;
        if (digest != DigestOf(model)) throw new InvalidDataException("Its graph is not as it was written: bytes were changed.");
        string json = Take(model, DescriptionKey) ?? throw new InvalidDataException("Its graph has no description.");
        return new SavedGraph(model, SavedDescription.FromJson(json));
    }

    /// <summary>The trained weights. Their numbers are copied once they are asked for: a model that scores needs none.</summary>
    public TrainedWeights Weights()
    {
        if (_model.TrainingInfo.Count == 0) return TrainedWeights.None;
        (string Name, TensorProto Tensor, bool IsTurned)[] kept = Stored(_model.TrainingInfo[0], _model.Graph); // not the whole graph
        return new TrainedWeights(() => [.. kept.Select(each => Read(each.Name, each.Tensor, each.IsTurned))]);
    }

    /// <summary>The graph that scores, with its maps.</summary>
    public ScoringGraph Graph()
    {
        ModelProto model = _model.Clone(); // the numbers are not copied
        model.TrainingInfo.Clear();
        if (Take(model, MapsKey) is { } maps) model.Graph.MergeFrom(GraphProto.Parser.ParseFrom(ByteString.FromBase64(maps)));
        return Description.ToGraph(model.ToByteArray());
    }

    /// <summary>What a graph has and another has not: what maps alone need. Its nodes read values of the other, and go behind.</summary>
    private static GraphProto Without(GraphProto graph, GraphProto other)
    {
        HashSet<string> nodes = [.. other.Node.Select(node => node.Output[0])];
        HashSet<string> constants = [.. other.Initializer.Select(constant => constant.Name)];
        HashSet<string> outputs = [.. other.Output.Select(output => output.Name)];
        return new GraphProto
        {
            Node = { graph.Node.Where(node => !nodes.Contains(node.Output[0])) },
            Initializer = { graph.Initializer.Where(constant => !constants.Contains(constant.Name)) },
            Output = { graph.Output.Where(output => !outputs.Contains(output.Name)) },
        };
    }

    /// <summary>Throws where a graph and what goes with it are too large together: protobuf itself would count them in an int.</summary>
    private static void CheckSize(byte[] graph, ModelProto model)
    {
        long bytes = graph.LongLength + model.MetadataProps.Sum(text => (long)text.CalculateSize())
            + model.TrainingInfo.SelectMany(info => info.Initialization.Initializer).Sum(tensor => (long)tensor.CalculateSize());
        if (bytes <= MostBytes) return;
        throw new InvalidOperationException(
            FormattableString.Invariant($"The saved model would have {bytes} bytes, and the ONNX file in it can have {MostBytes}: ")
                + "it holds the graph that scores, and once more the weights that the graph has in another form, such as those of "
                + "convolutions with batch norm. Save the two as files of their own: SaveAsOnnx writes the graph, and SaveWeights the "
                + "weights.");
    }

    /// <summary>
    /// The weights as the initial values of a training. Those that the graph has among its constants, byte for byte, are not written a
    /// second time but bound to them, and those that it has transposed are said to be made of them: batch norm that was folded into a
    /// convolution leaves the others no such constant.
    /// </summary>
    private static TrainingInfoProto Weights(IReadOnlyList<TrainedTensor> tensors, GraphProto graph)
    {
        var info = new TrainingInfoProto { Initialization = new GraphProto { Name = "weights" } };
        ILookup<string, TensorProto> constants = graph.Initializer.ToLookup(constant => LayoutOf(constant.DataType, constant.Dims));
        foreach (TrainedTensor tensor in tensors)
        {
            int type = NumberOf(tensor.Type);
            if (Holding(tensor.Bytes, LayoutOf(type, tensor.Shape)) is { } same)
                info.InitializationBinding.Add(new StringStringEntryProto { Key = same.Name, Value = tensor.Name });
            else if (tensor is { Type: ScalarType.Float32, Shape: [var rows, var columns] }
                && LayoutOf(type, [columns, rows]) is var layout && constants.Contains(layout)
                && Holding(Turned(tensor.Bytes, tensor.Shape), layout) is { } turned)
                info.Initialization.Node.Add(new NodeProto { OpType = "Transpose", Input = { turned.Name }, Output = { tensor.Name } });
            else
            {
                info.Initialization.Initializer.Add(new TensorProto
                {
                    Name = tensor.Name,
                    DataType = type,
                    Dims = { tensor.Shape },
                    RawData = UnsafeByteOperations.UnsafeWrap(tensor.Bytes),
                });
            }
        }

        return info;

        TensorProto? Holding(byte[] bytes, string layout) =>
            constants[layout].FirstOrDefault(constant => constant.RawData.Span.SequenceEqual(bytes));
    }

    /// <summary>The weights by their names as the graph has them, and whether rows and columns are exchanged in it.</summary>
    private static (string Name, TensorProto Tensor, bool IsTurned)[] Stored(TrainingInfoProto info, GraphProto graph)
    {
        var constants = graph.Initializer.ToDictionary(constant => constant.Name);
        return
        [
            .. info.Initialization.Initializer.Select(tensor => (tensor.Name, tensor, false)),
            .. info.Initialization.Node.Select(node => (node.Output[0], constants[node.Input[0]], true)),
            .. info.InitializationBinding.Select(binding => (binding.Value, constants[binding.Key], false)),
        ];
    }

    private static TrainedTensor Read(string name, TensorProto stored, bool isTurned) => isTurned
        ? new TrainedTensor(name, TypeOf(stored.DataType), [stored.Dims[1], stored.Dims[0]], Turned(stored.RawData.Span, stored.Dims))
        : new TrainedTensor(name, TypeOf(stored.DataType), [.. stored.Dims], stored.RawData.ToByteArray());

    /// <summary>A float32 matrix with rows and columns exchanged, as a MatMul reads the weight of a linear layer.</summary>
    private static byte[] Turned(ReadOnlySpan<byte> matrix, IReadOnlyList<long> shape)
    {
        (int rows, int columns) = ((int)shape[0], (int)shape[1]);
        ReadOnlySpan<int> numbers = MemoryMarshal.Cast<byte, int>(matrix); // 4 bytes each, whatever they say
        var bytes = new byte[matrix.Length];
        Span<int> turned = MemoryMarshal.Cast<byte, int>(bytes.AsSpan());
        for (int i = 0; i < rows; i++)
            for (int j = 0; j < columns; j++) turned[j * rows + i] = numbers[i * columns + j];
        return bytes;
    }

    private static string LayoutOf(int type, IEnumerable<long> shape) => $"{type} {string.Join(',', shape)}";

    private static string DigestOf(ModelProto model) => Convert.ToHexStringLower(SHA256.HashData(model.ToByteArray()));

    private static void Text(ModelProto model, string key, string value) =>
        model.MetadataProps.Add(new StringStringEntryProto { Key = key, Value = value });

    private static string? Take(ModelProto model, string key)
    {
        if (model.MetadataProps.FirstOrDefault(entry => entry.Key == key) is not { } found) return null;
        model.MetadataProps.Remove(found);
        return found.Value;
    }

    private static int NumberOf(ScalarType type) => _elements.Single(element => element.Type == type).Number;

    private static ScalarType TypeOf(int number) => _elements.Single(element => element.Number == number).Type;
}
