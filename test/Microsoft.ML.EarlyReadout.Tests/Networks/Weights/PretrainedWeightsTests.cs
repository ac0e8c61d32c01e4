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
        Assert.All(Weights(source).Zip(Weights(target)), pair => Assert.True(pair.First.Value.equal(pair.Second.Value).all().item<bool>(), pair.First.Key));

        Write(source, weights =>
        {
            foreach (string name in weights.Keys.ToArray()) weights[name] = weights[name].to(ScalarType.Float64);
        });
        using StagedNetwork again = Load(3);
        Assert.All(Weights(source).Zip(Weights(again)), pair => Assert.True(pair.First.Value.equal(pair.Second.Value).all().item<bool>(), pair.First.Key));
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
        Assert.Contains("wrong shape: 'stage1.conv.weight' (expected (4, 3, 3, 3), found (4, 1, 3, 3))", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Half_a_classifier_or_one_of_another_width_is_an_error()
    {
        using var scope = NewDisposeScope();
        using StagedNetwork source = Network(3, seed: 1);
        Write(source, weights => weights.Remove("head.bias"));
        Assert.Contains("'head.bias' (3)", Assert.Throws<InvalidDataException>(() => Load(3)).Message, StringComparison.Ordinal);
        Write(source, weights => weights["head.weight"] = zeros(4, 7));
        Assert.Contains("'head.weight' (expected (3, 4), found (4, 7))", Assert.Throws<InvalidDataException>(() => Load(3)).Message, StringComparison.Ordinal);
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

    private static StagedNetwork Network(int classes, ulong seed, string? weights = null, Action<string>? log = null) => NetworkFactory.Create(
        new NetworkOptions { Kind = NetworkKind.ConvNet, Channels = [4], WeightsPath = weights }, _shape, bytePixels: true, classes, seed, log ?? (_ => { }));

    private static Dictionary<string, Tensor> Weights(StagedNetwork network) => network.named_parameters().Select(entry => (entry.name, (Tensor)entry.parameter))
        .Concat(network.named_buffers(true, false).Select(entry => (entry.name, entry.buffer))).ToDictionary(entry => entry.Item1, entry => entry.Item2);

    private StagedNetwork Load(int classes, ulong seed = 9) => Network(classes, seed, FilePath, _log.Add);

    private void Write(StagedNetwork network, Action<Dictionary<string, Tensor>>? change = null)
    {
        Dictionary<string, Tensor> weights = Weights(network);
        change?.Invoke(weights);
        SafetensorsFile.Write(FilePath, weights);
    }
}
