using System.Buffers.Binary;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.ML.EarlyReadout;
using static TorchSharp.torch;

namespace MLSieve.Tests;

public sealed class PretrainedWeightsTests : IDisposable
{
    private static readonly FeatureShape _shape = FeatureShape.Image(3, 8, 8);
    private readonly string _folder = Directory.CreateTempSubdirectory("mlsieve-test-").FullName;
    private readonly List<string> _log = [];

    private string FilePath => Path.Combine(_folder, "weights.safetensors");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void All_weights_and_statistics_are_loaded_from_any_precision_and_counters_are_ignored()
    {
        using var scope = NewDisposeScope();
        using StagedNetwork source = Network(3, seed: 1);
        Write(source, weights => weights["stage1.bn.num_batches_tracked"] = zeros([], ScalarType.Int64));
        using StagedNetwork target = Load(3);
        Assert.All(
            Weights(source).Zip(Weights(target)),
            pair => Assert.True(pair.First.Value.equal(pair.Second.Value).all().item<bool>(), pair.First.Key));

        Write(source, weights =>
        {
            foreach (string name in weights.Keys.ToArray()) weights[name] = weights[name].to(ScalarType.Float64);
        });
        using StagedNetwork again = Load(3);
        Assert.All(
            Weights(source).Zip(Weights(again)),
            pair => Assert.True(pair.First.Value.equal(pair.Second.Value).all().item<bool>(), pair.First.Key));
    }

    [Fact]
    public void A_classifier_that_is_missing_or_for_other_classes_starts_fresh_and_the_log_says_so()
    {
        using var scope = NewDisposeScope();
        using StagedNetwork source = Network(3, seed: 1), fresh = Network(4, seed: 2);
        Write(source);
        using StagedNetwork other = Load(4, seed: 2);
        Assert.Contains(_log, line => line.Contains("has 3 classes and not 4: it starts with fresh weights", StringComparison.Ordinal));
        Assert.True(other.get_parameter("head.weight")!.equal(fresh.get_parameter("head.weight")!).all().item<bool>());
        Assert.True(other.get_parameter("stage1.conv.weight")!.equal(source.get_parameter("stage1.conv.weight")!).all().item<bool>());

        _log.Clear();
        Write(source, weights =>
        {
            weights.Remove("head.weight");
            weights.Remove("head.bias");
        });
        Load(3).Dispose();
        Assert.Contains(_log, line => line.Contains("has no classifier ('head')", StringComparison.Ordinal));
    }

    [Fact]
    public void A_classifier_of_several_layers_starts_fresh_for_other_classes()
    {
        using var scope = NewDisposeScope();
        using StagedNetwork source = Deep(3, hidden: 4, seed: 1), fresh = Deep(5, hidden: 4, seed: 2);
        Write(source);
        using StagedNetwork other = Deep(5, hidden: 4, seed: 2, FilePath);
        Assert.Contains($"The classifier ('head') of '{FilePath}' has 3 classes and not 5: it starts with fresh weights.", _log);
        Dictionary<string, Tensor> from = Weights(source), begun = Weights(fresh), to = Weights(other);
        Assert.All(to, entry => Assert.True(
            entry.Value.equal((entry.Key.StartsWith("head", StringComparison.Ordinal) ? begun : from)[entry.Key]).all().item<bool>(),
            entry.Key));

        string narrow = Assert.Throws<InvalidDataException>(() => Deep(5, hidden: 2, seed: 2, FilePath)).Message;
        Assert.Contains("'head.2.weight' (expected (5, 2), found (3, 4))", narrow, StringComparison.Ordinal);
    }

    [Fact]
    public void A_classifier_that_was_put_in_the_place_of_the_networks_own_is_left_out_and_the_log_says_so()
    {
        using var scope = NewDisposeScope();
        using StagedNetwork source = Network(3, seed: 1), fresh = Network(3, seed: 9);
        source.ReplaceHead("transplant", new GlobalAveragePool(), new Linear(4, 3));
        Write(source);
        using StagedNetwork target = Load(3, seed: 9);
        Assert.Contains(
            $"'{FilePath}' has another classifier ('other_head.transplant.1.bias', …) in the place of the network's own ('head'), which "
                + "starts with fresh weights.",
            _log);
        Assert.True(target.get_parameter("head.weight")!.equal(fresh.get_parameter("head.weight")!).all().item<bool>());
        Assert.True(target.get_parameter("stage1.conv.weight")!.equal(source.get_parameter("stage1.conv.weight")!).all().item<bool>());
    }

    [Theory]
    [InlineData(ResNetStem.Small, ResNetStem.ImageNet, 64, "")]
    [InlineData(ResNetStem.ImageNet, ResNetStem.Small, 32, "module.")]
    public void A_ResNet_has_the_stem_of_its_weights_and_another_one_is_refused(
        ResNetStem stem, ResNetStem other, int side, string prefix)
    {
        using var scope = NewDisposeScope();
        using StagedNetwork source = Create(stem, weights: null);
        Write(source, weights => Rename(weights, name => prefix + name));
        using StagedNetwork target = Create(ResNetStem.Automatic, FilePath);
        int expected = stem == ResNetStem.Small ? side : side / 4;
        Assert.Equal(FeatureShape.Image(64, expected, expected), StageTap.Of(target, 1));
        Assert.True(target.get_parameter("conv1.weight")!.equal(source.get_parameter("conv1.weight")!).all().item<bool>());
        Assert.Equal(
            $"Network.Stem is {other}, and the weights that the network begins with have the stem {stem}. Leave Network.Stem at "
                + "Automatic: then the weights say which.",
            Assert.Throws<ArgumentException>(() => Create(other, FilePath)).Message);

        StagedNetwork Create(ResNetStem asked, string? weights) => NetworkFactory.Create(
            new NetworkOptions { Kind = NetworkKind.ResNet18, Stem = asked, WeightsPath = weights }, FeatureShape.Image(3, side, side),
            PixelRange.Bytes, classes: 3, seed: 1, _ => { });
    }

    [Fact]
    public void Every_missing_unexpected_and_misshapen_tensor_is_named_with_file_expected_and_found()
    {
        using var scope = NewDisposeScope();
        using StagedNetwork source = Network(3, seed: 1);
        Write(source, weights =>
        {
            weights.Remove("stage1.bn.running_var");
            weights["stage9.bias"] = zeros(2);
            weights["stage1.conv.weight"] = zeros(4, 1, 3, 3);
        });
        var error = Assert.Throws<InvalidDataException>(() => Load(3));
        Assert.Contains($"'{FilePath}' are not those of ConvNet (3 input channels)", error.Message, StringComparison.Ordinal);
        Assert.Contains("expected and not found: 'stage1.bn.running_var' (4)", error.Message, StringComparison.Ordinal);
        Assert.Contains("found and not expected: 'stage9.bias' (2)", error.Message, StringComparison.Ordinal);
        Assert.Contains(
            "wrong shape: 'stage1.conv.weight' (expected (4, 3, 3, 3), found (4, 1, 3, 3))", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Half_a_classifier_or_one_of_another_width_is_an_error()
    {
        using var scope = NewDisposeScope();
        using StagedNetwork source = Network(3, seed: 1);
        Write(source, weights => weights.Remove("head.bias"));
        Assert.Contains("'head.bias' (3)", Assert.Throws<InvalidDataException>(() => Load(3)).Message, StringComparison.Ordinal);
        Write(source, weights => weights["head.weight"] = zeros(4, 7));
        Assert.Contains(
            "'head.weight' (expected (3, 4), found (4, 7))", Assert.Throws<InvalidDataException>(() => Load(3)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Tensors_that_are_no_weights_and_that_no_parameter_asks_for_are_left_out_whatever_their_type()
    {
        using var scope = NewDisposeScope();
        using StagedNetwork source = Network(3, seed: 1);
        Write(source);
        Add(
            ("stage1.steps", "I32", 4), ("mask", "BOOL", 1), ("scale", "F8_E4M3", 1), ("position_ids", "I64", 8), ("pixels", "U8", 1),
            ("packed", "Q4_K", 3), ("stage1.bn.num_batches_tracked", "I32", 4));
        using StagedNetwork target = Load(3);
        Assert.All(
            Weights(source).Zip(Weights(target)),
            pair => Assert.True(pair.First.Value.equal(pair.Second.Value).all().item<bool>(), pair.First.Key));
        Assert.Contains(
            $"Tensors of '{FilePath}' that no parameter asks for were left out: 'mask' (BOOL), 'packed' (Q4_K), 'pixels' (U8), "
                + "'position_ids' (I64), 'scale' (F8_E4M3) and 1 more.",
            _log);
    }

    [Theory]
    [InlineData("F8_E4M3", 4)]
    [InlineData("I8", 4)]
    [InlineData("I64", 32)]
    [InlineData("U8", 4)]
    [InlineData("Q4_K", 2)]
    public void A_weight_of_a_type_that_is_not_converted_is_named_with_it(string type, int bytes)
    {
        using var scope = NewDisposeScope();
        using StagedNetwork source = Network(3, seed: 1);
        Write(source, weights => weights.Remove("stage1.bn.weight"));
        Add([4], ("stage1.bn.weight", type, bytes));
        var error = Assert.Throws<InvalidDataException>(() => Load(3));
        Assert.Contains(
            $"numbers of a type that is not converted (only F64, F32, F16 and BF16 are): 'stage1.bn.weight' ({type})", error.Message,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("stage1.conv.weight", double.NaN, "numbers that are not finite")]
    [InlineData("stage1.bn.bias", double.NegativeInfinity, "numbers that are not finite")]
    [InlineData("head.bias", 1e300, "numbers that are not finite")] // in float32
    [InlineData("stage1.bn.running_var", -0.5, "variances below 0")]
    public void Numbers_that_would_spoil_a_training_are_refused_and_nothing_is_loaded(string name, double number, string fault)
    {
        using var scope = NewDisposeScope();
        using StagedNetwork source = Network(3, seed: 1), target = Network(3, seed: 9), fresh = Network(3, seed: 9);
        Write(source, weights =>
        {
            Tensor spoilt = weights[name].detach().to(ScalarType.Float64);
            spoilt.view(-1).select(0, 1).fill_(Scalars.Of(number));
            weights[name] = spoilt;
        });
        Assert.Equal(
            $"The tensor '{name}' of '{FilePath}' has {fault}.",
            Assert.Throws<InvalidDataException>(() => PretrainedWeights.Load(FilePath, target, _log.Add)).Message);
        Assert.All(
            Weights(fresh).Zip(Weights(target)),
            pair => Assert.True(pair.First.Value.equal(pair.Second.Value).all().item<bool>(), pair.First.Key));
    }

    [Theory]
    [InlineData("module.", "module.")]
    [InlineData("model.backbone.", "")]
    [InlineData("_orig_mod.module.", "_orig_mod.")]
    public void A_prefix_is_recognised_and_said(string prefix, string ofTheHead)
    {
        using var scope = NewDisposeScope();
        using StagedNetwork source = Network(3, seed: 1);
        Write(source, weights => Rename(weights, name => (name.StartsWith("head", StringComparison.Ordinal) ? ofTheHead : prefix) + name));
        using StagedNetwork target = Load(3, seed: 5);
        Dictionary<string, Tensor> from = Weights(source), to = Weights(target);
        bool headToo = prefix == ofTheHead;
        Assert.All(
            from.Where(entry => headToo || !entry.Key.StartsWith("head", StringComparison.Ordinal)),
            entry => Assert.True(entry.Value.equal(to[entry.Key]).all().item<bool>(), entry.Key));
        Assert.Contains($"The names in '{FilePath}' are taken without the prefix '{prefix}'.", _log);
        Assert.Equal(!headToo, _log.Exists(line => line.Contains("has no classifier ('head')", StringComparison.Ordinal)));
    }

    [Fact]
    public void Two_networks_in_a_file_are_an_error_that_names_both_prefixes()
    {
        using var scope = NewDisposeScope();
        using StagedNetwork source = Network(3, seed: 1);
        Write(source, weights =>
        {
            foreach ((string name, Tensor value) in weights.ToArray())
            {
                weights.Remove(name);
                (weights["encoder_q." + name], weights["encoder_k." + name]) = (value, value);
            }
        });
        Assert.Contains(
            "under the prefixes 'encoder_k.', 'encoder_q.'. Keep one of them", Assert.Throws<InvalidDataException>(() => Load(3)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Under_a_prefix_too_every_difference_is_named()
    {
        using var scope = NewDisposeScope();
        using StagedNetwork source = Network(3, seed: 1);
        Write(source, weights =>
        {
            Rename(weights, name => "module." + name);
            weights["module.stage2.conv.weight"] = zeros(4, 4, 3, 3);
            weights.Remove("module.stage1.bn.running_var");
        });
        string message = Assert.Throws<InvalidDataException>(() => Load(3)).Message;
        Assert.Contains("found and not expected: 'module.stage2.conv.weight' (4, 4, 3, 3)", message, StringComparison.Ordinal);
        Assert.Contains("expected and not found: 'stage1.bn.running_var' (4)", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_cut_anywhere_is_an_error_and_never_a_half_loaded_network()
    {
        using var scope = NewDisposeScope();
        using StagedNetwork source = Network(3, seed: 1);
        Write(source);
        byte[] whole = File.ReadAllBytes(FilePath);
        for (int length = 0; length < whole.Length; length += 37)
        {
            File.WriteAllBytes(FilePath, whole[..length]);
            Assert.Throws<InvalidDataException>(() => Load(3));
        }
    }

    private static void Rename(Dictionary<string, Tensor> weights, Func<string, string> to)
    {
        foreach ((string name, Tensor value) in weights.ToArray())
        {
            weights.Remove(name);
            weights[to(name)] = value;
        }
    }

    private void Add(params (string Name, string Type, int Bytes)[] tensors) => Add([1], tensors);

    /// <summary>Adds tensors of zeros, of types that the library does not write.</summary>
    private void Add(int[] shape, params (string Name, string Type, int Bytes)[] tensors)
    {
        byte[] file = File.ReadAllBytes(FilePath);
        int length = (int)BinaryPrimitives.ReadInt64LittleEndian(file);
        JsonNode header = JsonNode.Parse(file.AsSpan(8, length))!;
        int end = file.Length - 8 - length;
        foreach ((string name, string type, int bytes) in tensors)
        {
            header[name] = new JsonObject
            {
                ["dtype"] = type,
                ["shape"] = new JsonArray([.. shape.Select(side => (JsonNode)side)]),
                ["data_offsets"] = new JsonArray(end, end + bytes),
            };
            end += bytes;
        }

        byte[] text = Encoding.UTF8.GetBytes(header.ToJsonString()), prefix = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(prefix, text.Length);
        File.WriteAllBytes(FilePath, [.. prefix, .. text, .. file.AsSpan(8 + length), .. new byte[tensors.Sum(tensor => tensor.Bytes)]]);
    }

    private static StagedNetwork Network(int classes, ulong seed, string? weights = null, Action<string>? log = null) =>
        NetworkFactory.Create(
            new NetworkOptions { Kind = NetworkKind.ConvNet, Channels = [4], WeightsPath = weights }, _shape, PixelRange.Bytes, classes,
            seed, log ?? (_ => { }));

    /// <summary>A network of one's own, whose classifier has a hidden layer.</summary>
    private StagedNetwork Deep(int classes, int hidden, ulong seed, string? weights = null) => NetworkFactory.Create(
        new NetworkOptions { Custom = (shape, count) => new DeepHead(shape, hidden, count), WeightsPath = weights }, _shape,
        PixelRange.Bytes, classes, seed, _log.Add);

    private static Dictionary<string, Tensor> Weights(StagedNetwork network) =>
        network.named_parameters().Select(entry => (entry.name, (Tensor)entry.parameter))
            .Concat(network.named_buffers(true, false).Select(entry => (entry.name, entry.buffer)))
            .ToDictionary(entry => entry.Item1, entry => entry.Item2);

    private StagedNetwork Load(int classes, ulong seed = 9) => Network(classes, seed, FilePath, _log.Add);

    private void Write(StagedNetwork network, Action<Dictionary<string, Tensor>>? change = null)
    {
        Dictionary<string, Tensor> weights = Weights(network);
        change?.Invoke(weights);
        SafetensorsFile.Write(FilePath, weights);
    }

    private sealed class DeepHead : StagedNetwork
    {
        public DeepHead(FeatureShape shape, int hidden, int classes) : base("DeepHead", shape, classes)
        {
            AddStage("stage", new Flatten(), new Linear(shape.Size, 6));
            SetHead("head", new Linear(6, hidden), new Relu(), new Linear(hidden, classes));
        }
    }
}
