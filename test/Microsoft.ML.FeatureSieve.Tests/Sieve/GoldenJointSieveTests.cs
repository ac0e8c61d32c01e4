using System.Text.Json;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.FeatureSieve;
using TorchSharp;
using static TorchSharp.torch;

namespace MLSieve.Tests;

/// <summary>
/// 25 joint updates against PyTorch, which makes them of one loss and one optimiser (test/golden/joint_sieve.py). That file's fault
/// distances say what each typical mistake would cost: all are above 2e-2, so 1e-4 tells them apart.
/// </summary>
public sealed class GoldenJointSieveTests
{
    public static TheoryData<string> Cases
    {
        get
        {
            using JsonDocument all = Golden.Json("joint_sieve.json");
            return [.. all.RootElement.EnumerateObject().Select(each => each.Name)];
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Twenty_five_steps_end_where_one_loss_and_one_optimiser_end(string name)
    {
        NativeBackend.EnsureLoaded();
        using JsonDocument all = Golden.Json("joint_sieve.json");
        JsonElement golden = all.RootElement.GetProperty(name);
        (string kind, string start) = (name.Split('/')[0], $"initial/{name.Split('/')[1]}/");
        using var scope = NewDisposeScope();
        using SafetensorsFile data = SafetensorsFile.Open(Golden.Path($"feature_sieve_{kind}.safetensors"));
        using SafetensorsFile file = SafetensorsFile.Open(Golden.Path("joint_sieve.safetensors"));

        using StagedNetwork network = kind == "mlp" ? new GoldenMlp() : new GoldenConvNet();
        if (kind == "convnet") network.Input.Configure([127.5f], [1 / 127.5f], ChannelOrder.Rgb);
        var options = new FeatureSieveTrainer.Options
        {
            Update = SieveUpdate.Joint,
            Readout =
            {
                Stage = golden.GetProperty("stage").GetInt32(),
                Depth = golden.GetProperty("readout_depth").GetInt32(),
                Width = kind == "mlp" ? 12 : 8,
            },
            Optimizer =
            {
                LearningRate = golden.GetProperty("rate").GetDouble(),
                WeightDecay = golden.GetProperty("decay").GetDouble(),
                Momentum = golden.GetProperty("momentum").GetDouble(),
            },
            ReadoutLearningRate = golden.GetProperty("readout_rate").GetDouble(),
            ReadoutWeightDecay = golden.GetProperty("readout_decay").GetDouble(),
            ForgetLearningRate = golden.GetProperty("forget_rate").GetDouble(),
            ForgetEvery = golden.GetProperty("forget_every").GetInt32(),
        };
        options.SetAutomatic(new TrainingFacts(network, Pretrained: false, Rows: 16)); // the rates are given; their ratios are not
        TappedReadout readout = SieveReadout.Create(network, options.Readout, seed: 1);
        GoldenWeights.Load(network, data, start);
        GoldenWeights.Load(readout.Head, data, start, "readout.");

        using var step = new JointSieveStep(
            network, readout, options, golden.GetProperty("frozen_batch_norm").GetBoolean(), EmpiricalRisk.Plain);
        Tensor features = data.Read(kind == "mlp" ? "data/features" : "data/pixels"), labels = data.Read("data/labels");
        network.train();
        JsonElement losses = golden.GetProperty("losses");
        using var meters = new LossMeters(CPU, RankGroup.Single);
        int forgotten = 0;
        for (int i = 0; i < 25; i++)
        {
            meters.Reset();
            using var stepScope = NewDisposeScope();
            step.Run(new Batch(features[i], labels[i], new long[16]), new StepContext(i, 1, meters));
            IReadOnlyDictionary<string, double> means = meters.Read();
            GoldenWeights.AssertNear(losses.GetProperty("main")[i].GetDouble(), means["main"], $"main loss of step {i}");
            GoldenWeights.AssertNear(losses.GetProperty("readout")[i].GetDouble(), means["readout"], $"readout loss of step {i}");
            Assert.Equal(i % options.ForgetEvery == 0, means.ContainsKey("forget"));
            if (!means.TryGetValue("forget", out double forget)) continue;
            GoldenWeights.AssertNear(losses.GetProperty("forget")[forgotten++].GetDouble(), forget, $"forgetting loss of step {i}");
        }

        Assert.Equal(losses.GetProperty("forget").GetArrayLength(), forgotten);
        GoldenWeights.AssertEqual(network, file, $"final/{name}/");
        GoldenWeights.AssertEqual(readout.Head, file, $"final/{name}/", "readout.");
    }
}
