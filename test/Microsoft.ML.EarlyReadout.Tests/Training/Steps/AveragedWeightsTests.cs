using Microsoft.ML.EarlyReadout;
using TorchSharp;
using static TorchSharp.torch;

namespace MLSieve.Tests;

public sealed class AveragedWeightsTests
{
    private const double Decay = 0.4; // that of test/golden/averaged_weights.py

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Every_average_matches_pytorch_in_either_memory_layout(bool channelsLast)
    {
        NativeBackend.EnsureLoaded();
        using DisposeScope scope = NewDisposeScope();
        using SafetensorsFile golden = SafetensorsFile.Open(Golden.Path("averaged_weights.safetensors"));
        using Sequence network = Network();
        LayerTree.SetChannelsLast(network, channelsLast);
        GoldenWeights.Load(network, golden, "step/0/");
        using var average = new AveragedWeights([network], Decay);
        for (int step = 1; step <= 12; step++)
        {
            GoldenWeights.Load(network, golden, $"step/{step}/");
            average.Add(step - 1);
            using (average.Show()) Assert.InRange(Distance(network, golden, $"average/{step}/"), 0, 1e-6);
            Assert.Equal(0, Distance(network, golden, $"step/{step}/")); // the weights are back
        }

        Assert.InRange(Distance(network, golden, "average/12/"), 0.01, 10);
        average.Keep();
        Assert.InRange(Distance(network, golden, "average/12/"), 0, 1e-6);
        Dictionary<string, Tensor> weights = network.state_dict();
        Assert.All(average.State, entry => Assert.Equal(weights[entry.Name].stride(), entry.Tensor.stride()));
        Assert.Equal(
            ["0.weight", "1.bias", "1.running_mean", "1.running_var", "1.weight", "4.bias", "4.weight"],
            average.State.Select(entry => entry.Name).Order());
    }

    [Fact]
    public void What_never_changes_keeps_every_bit_and_whole_numbers_are_not_averaged()
    {
        NativeBackend.EnsureLoaded();
        using DisposeScope scope = NewDisposeScope();
        using TorchSharp.Modules.BatchNorm1d counting = nn.BatchNorm1d(3);
        using Linear still = new(7, 5);
        using var generator = new Generator(2, CPU);
        still.Initialize(generator);
        byte[] before = BytesOf(still);
        using var average = new AveragedWeights([counting, still], 0.9);
        for (int step = 0; step < 50; step++)
        {
            counting.call(empty(4, 3).normal_(0, 1, generator));
            average.Add(step);
        }

        using (average.Show())
        {
            Assert.Equal(before, BytesOf(still));
            Assert.Equal(50, counting.state_dict()["num_batches_tracked"].ToInt64());
        }

        Assert.DoesNotContain("num_batches_tracked", average.State.Select(entry => entry.Name));
        Assert.Contains("1/weight", average.State.Select(entry => entry.Name));

        static byte[] BytesOf(nn.Module module) => [.. module.parameters().SelectMany(parameter => parameter.detach().bytes.ToArray())];
    }

    [Fact]
    public void It_leaves_no_native_tensor_behind()
    {
        using NativeLeakCheck check = NativeLeakCheck.Start();
        using DisposeScope scope = NewDisposeScope();
        using Sequence network = Network();
        using var average = new AveragedWeights([network], Decay);
        for (int step = 0; step < 3; step++)
        {
            using DisposeScope inner = NewDisposeScope();
            average.Add(step);
        }

        average.Show().Dispose();
        average.Keep();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(-0.5)]
    public void Impossible_decays_are_refused(double decay)
    {
        NativeBackend.EnsureLoaded();
        using Sequence network = Network();
        Assert.Throws<ArgumentOutOfRangeException>(() => new AveragedWeights([network], decay));
    }

    private static Sequence Network() =>
        new(new Conv2d(3, 4, 3, bias: false), new BatchNorm2d(4), new Relu(), new GlobalAveragePool(), new Linear(4, 3));

    private static double Distance(nn.Module module, SafetensorsFile file, string folder) => module.state_dict()
        .Max(entry => entry.Value.detach().sub(file.Read(folder + entry.Key)).abs().max().ToDouble());
}
