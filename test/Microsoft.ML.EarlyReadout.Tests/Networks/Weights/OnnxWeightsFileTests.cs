using Google.Protobuf;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.EarlyReadout.OnnxProto;
using TorchSharp;
using static TorchSharp.torch;

namespace MLSieve.Tests;

/// <summary>Weights in ONNX models: test/golden/residual_onnx.py says what PyTorch exported.</summary>
public sealed class OnnxWeightsFileTests : IDisposable
{
    private const int SpoiltFiles = 1_000;
    private readonly string _folder = Directory.CreateTempSubdirectory("onnx-weights-").FullName;

    /// <summary>What is done to the model of basic blocks, and what the error then says.</summary>
    private static readonly Dictionary<string, (Action<ModelProto> Spoil, string Says)> _faults = new()
    {
        ["no graph"] = (model => model.Graph = null, "it is no ONNX model, for it holds no graph"),
        ["external data"] = (model => First(model).DataLocation = TensorProto.Types.DataLocation.External,
            "are in another file (external data). With Python, onnx.save(onnx.load('model.onnx'), 'whole.onnx') writes one file"),
        ["too few bytes"] = (model => First(model).RawData = ByteString.CopyFrom(1, 2, 3), "bytes are expected; 3 found"),
        ["a side below 0"] = (model => First(model).Dims[0] = -1, "bytes are expected"),
        ["a tensor twice"] = (model => model.Graph.Initializer.Add(First(model).Clone()), "twice"),
        ["a tensor that is not there"] = (model => Node(model, "BatchNormalization").Input[3] = Node(model, "Conv").Output[0],
            "does not read its bn1.running_mean from a tensor in the file"),
        ["another stride"] = (model => Set(Node(model, "Conv", 1), "strides", 3, 3), "has strides (3, 3); expected (1, 1)"),
        ["dilation"] = (model => Set(Node(model, "Conv", 2), "dilations", 2, 2), "has dilations (2, 2); expected (1, 1)"),
        ["no padding"] = (model => Set(Node(model, "Conv", 1), "pads", 0, 0, 0, 0),
            "has pads (0, 0, 0, 0); expected (1, 1, 1, 1)"),
        ["padding after"] = (model => Set(Node(model, "MaxPool"), "pads", 0, 0, 1, 1), "has pads (0, 0, 1, 1); expected (1, 1, 1, 1)"),
        ["automatic padding"] = (model => Attribute(Node(model, "Conv"), "auto_pad").S = ByteString.CopyFromUtf8("SAME_UPPER"),
            "has auto_pad 'SAME_UPPER'"),
        ["groups"] = (model => Attribute(Node(model, "Conv", 1), "group").I = 2, "works by groups of channels"),
        ["another epsilon"] = (model => Attribute(Node(model, "BatchNormalization", 4), "epsilon").F = 1e-3f,
            "has ε 0.001; expected 1E-05"),
        ["another operator"] = (model => Node(model, "Relu", 1).OpType = "Sigmoid", "is read by Sigmoid "),
        ["a node without a value"] = (model => Node(model, "Conv", 1).Output.Clear(), "an output name that already exists, or no output"),
        ["an operator of another domain"] = (model => Node(model, "Relu", 1).Domain = "com.example", "expected Relu or Add"),
        ["a node aside"] = (model => model.Graph.Node.Add(
            new NodeProto { OpType = "Exp", Input = { First(model).Name }, Output = { "aside" } }), "there is another node, Exp → 'aside'"),
        ["a circle"] = (model => Node(model, "Add").Input[0] = model.Graph.Output[0].Name,
            "has an input that no earlier node computes"),
        ["no shortcut"] = (model => Node(model, "Add").Input[1] = First(model).Name, "is no basic block and no bottleneck"),
        ["two inputs"] = (model => model.Graph.Input.Add(new ValueInfoProto { Name = "more" }), "it has 2 inputs; expected 1"),
        ["a bias besides batch norm"] = (model => Node(model, "Conv").Input.Add(Node(model, "BatchNormalization").Input[2]),
            "has a bias besides batch norm"),
        ["a scaled head"] = (model => Attribute(Node(model, "Gemm"), "alpha").F = 2, "is not x·Wᵀ + b"),
        ["a transposed head"] = (model => Attribute(Node(model, "Gemm"), "transB").I = 0, "is not x·Wᵀ + b"),
    };

    public static TheoryData<string> Faults => [.. _faults.Keys];

    private string FilePath => Path.Combine(_folder, "model.onnx");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("basic")]
    [InlineData("bottleneck")]
    public void Every_tensor_of_an_exported_model_gets_PyTorchs_name_by_its_place_in_the_graph(string name)
    {
        using var scope = NewDisposeScope();
        using OnnxWeightsFile file = OnnxWeightsFile.Open(Model(name));
        Same(name, file);
    }

    [Fact]
    public void Numbers_are_read_as_bytes_as_floats_and_in_half_precision()
    {
        using var scope = NewDisposeScope();
        Write(model =>
        {
            foreach (TensorProto tensor in model.Graph.Initializer)
            {
                float[] numbers = new float[tensor.RawData.Length / sizeof(float)];
                Buffer.BlockCopy(tensor.RawData.ToByteArray(), 0, numbers, 0, tensor.RawData.Length);
                tensor.FloatData.AddRange(numbers);
                tensor.ClearRawData();
            }
        });
        using OnnxWeightsFile floats = OnnxWeightsFile.Open(FilePath), half = OnnxWeightsFile.Open(Model("half"));
        Same("basic", floats);
        Assert.All(half.Names, name =>
        {
            Assert.Equal("FLOAT16", half.TypeName(name));
            Tensor exact = floats.Read(name), rounded = half.Read(name).to(ScalarType.Float32);
            Assert.True(rounded.sub(exact).abs().max().item<float>() <= 1e-3f * exact.abs().max().item<float>(), name);
        });
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public void A_model_that_computes_something_else_is_told_by_what_differs(string fault)
    {
        (Action<ModelProto> spoil, string says) = _faults[fault];
        Write(spoil);
        Assert.Contains(says, Refused(), StringComparison.Ordinal);
    }

    [Fact]
    public void Folded_batch_norm_is_named_with_the_way_to_keep_it()
    {
        File.Copy(Model("folded"), FilePath);
        string message = Refused();
        Assert.Contains("expected BatchNormalization. Exporters fold batch norm into the convolution", message, StringComparison.Ordinal);
        Assert.Contains("training=torch.onnx.TrainingMode.PRESERVE, do_constant_folding=False", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Other_files_and_files_cut_short_are_told_apart()
    {
        byte[] whole = File.ReadAllBytes(Model("basic"));
        foreach (int length in new[] { 1, 100, whole.Length / 2, whole.Length - 1 })
        {
            File.WriteAllBytes(FilePath, whole[..length]);
            Assert.Contains("it is no ONNX model, or one that is damaged or cut short (", Refused(), StringComparison.Ordinal);
        }

        File.WriteAllText(FilePath, "<!DOCTYPE html><html>");
        Assert.Contains("it is a web page (HTML)", Refused(), StringComparison.Ordinal);
        File.WriteAllBytes(FilePath, []);
        Assert.Contains("it is empty", Refused(), StringComparison.Ordinal);
        File.Copy(Golden.Path("residual/weights.safetensors"), FilePath, overwrite: true);
        Assert.Contains("it is no ONNX model", Refused(), StringComparison.Ordinal);
        File.Copy(Golden.Path("foreign/model.onnx"), FilePath, overwrite: true);
        Assert.Contains("is read by Gemm '/0/Gemm'; expected Conv", Refused(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_spoilt_file_opens_or_is_invalid_data()
    {
        byte[] whole = File.ReadAllBytes(Model("basic"));
        var mutator = new FileMutator(seed: 2026);
        int opened = 0;
        for (int i = 0; i < SpoiltFiles; i++)
        {
            File.WriteAllBytes(FilePath, mutator.Bytes(whole));
            try
            {
                using DisposeScope scope = NewDisposeScope();
                using OnnxWeightsFile file = OnnxWeightsFile.Open(FilePath);
                foreach (string name in file.Names.Where(file.HoldsFloats)) Assert.Equal(file.Shape(name), file.Read(name).shape);
                opened++;
            }
            catch (InvalidDataException fault)
            {
                Assert.Contains($"'{FilePath}'", fault.Message, StringComparison.Ordinal);
                Assert.InRange(fault.Message.Length, 0, 1_000);
            }
        }

        Assert.InRange(opened, SpoiltFiles / 100, SpoiltFiles * 3 / 4); // spoilt numbers are no fault; most of the rest is
    }

    private static string Model(string name) => Golden.Path($"residual/{name}.onnx");

    private static void Same(string name, OnnxWeightsFile file)
    {
        string prefix = name + ".";
        using SafetensorsFile golden = SafetensorsFile.Open(Golden.Path("residual/weights.safetensors"));
        string[] expected = [.. golden.Names.Where(each => each.StartsWith(prefix, StringComparison.Ordinal))
            .Select(each => each[prefix.Length..])];
        Assert.Equal(expected.Order(StringComparer.Ordinal), file.Names.Order(StringComparer.Ordinal));
        Assert.All(expected, each => Assert.Equal(golden.Read(prefix + each).bytes.ToArray(), file.Read(each).bytes.ToArray()));
    }

    private void Write(Action<ModelProto> change)
    {
        ModelProto model = ModelProto.Parser.ParseFrom(File.ReadAllBytes(Model("basic")));
        change(model);
        File.WriteAllBytes(FilePath, model.ToByteArray());
    }

    private string Refused()
    {
        string message = Assert.Throws<InvalidDataException>(() => OnnxWeightsFile.Open(FilePath).Dispose()).Message;
        Assert.StartsWith($"The weights in '{FilePath}' cannot be read: ", message, StringComparison.Ordinal);
        return message;
    }

    private static TensorProto First(ModelProto model) => model.Graph.Initializer[0];

    private static NodeProto Node(ModelProto model, string kind, int number = 0) =>
        model.Graph.Node.Where(node => node.OpType == kind).ElementAt(number);

    private static AttributeProto Attribute(NodeProto node, string name)
    {
        AttributeProto? found = node.Attribute.FirstOrDefault(attribute => attribute.Name == name);
        if (found is null) node.Attribute.Add(found = new AttributeProto { Name = name });
        return found;
    }

    private static void Set(NodeProto node, string name, params long[] values)
    {
        AttributeProto attribute = Attribute(node, name);
        attribute.Ints.Clear();
        attribute.Ints.AddRange(values);
    }
}
