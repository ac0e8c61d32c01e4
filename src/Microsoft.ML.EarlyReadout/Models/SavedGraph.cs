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
    public static byte[] Write(ScoringGraph graph, SavedDescription description, TrainedWeights weights)
    {
        ModelProto model = ModelProto.Parser.ParseFrom(graph.WithoutMaps());
        if (graph.FeatureMaps is not null || graph.ActivationMaps is not null)
            Text(model, MapsKey, Without(ModelProto.Parser.ParseFrom(graph.Bytes).Graph, model.Graph).ToByteString().ToBase64());
        Text(model, DescriptionKey, description.ToJson());
        if (weights.Any) model.TrainingInfo.Add(Weights(weights.Tensors, model.Graph));
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

    /// <summary>The trained weights.</summary>
    public TrainedWeights Weights() =>
        new(_model.TrainingInfo.Count == 0 ? null : Tensors(_model.TrainingInfo[0], _model.Graph));

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

    /// <summary>
    /// The weights as the initial values of a training. Those that the graph has among its constants, byte for byte, are not written a
    /// second time but bound to them: batch norm that was folded into a convolution leaves the others no such constant.
    /// </summary>
    private static TrainingInfoProto Weights(IReadOnlyList<TrainedTensor> tensors, GraphProto graph)
    {
        var info = new TrainingInfoProto { Initialization = new GraphProto { Name = "weights" } };
        Dictionary<string, TensorProto> constants = [];
        foreach (TensorProto constant in graph.Initializer) constants[KeyOf(constant)] = constant;
        foreach (TrainedTensor tensor in tensors)
        {
            var proto = new TensorProto
            {
                Name = tensor.Name,
                DataType = NumberOf(tensor.Type),
                Dims = { tensor.Shape },
                RawData = UnsafeByteOperations.UnsafeWrap(tensor.Bytes),
            };
            if (constants.TryGetValue(KeyOf(proto), out TensorProto? same))
                info.InitializationBinding.Add(new StringStringEntryProto { Key = same.Name, Value = tensor.Name });
            else info.Initialization.Initializer.Add(proto);
        }

        return info;
    }

    private static TrainedTensor[] Tensors(TrainingInfoProto info, GraphProto graph)
    {
        var constants = graph.Initializer.ToDictionary(constant => constant.Name);
        return
        [
            .. info.Initialization.Initializer.Select(tensor => Tensor(tensor.Name, tensor)),
            .. info.InitializationBinding.Select(binding => Tensor(binding.Value, constants[binding.Key])),
        ];

        static TrainedTensor Tensor(string name, TensorProto tensor) =>
            new(name, TypeOf(tensor.DataType), [.. tensor.Dims], tensor.RawData.ToByteArray());
    }

    private static string KeyOf(TensorProto tensor) =>
        $"{tensor.DataType} {string.Join(',', tensor.Dims)} {Convert.ToHexString(SHA256.HashData(tensor.RawData.Span))}";

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
