using System.Text.Json;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.FeatureSieve;
using TorchSharp;
using static TorchSharp.torch;

namespace MLSieve.Tests;

/// <summary>
/// 25 steps against PyTorch (test/golden/feature_sieve.py). That file's fault distances say what each typical mistake would cost: all are
/// above 6e-4, so 1e-4 tells them apart.
/// </summary>
public sealed class GoldenSieveTests
{
    public static TheoryData<string, string> Cases
    {
        get
        {
            var cases = new TheoryData<string, string>();
            using JsonDocument all = Golden.Json("feature_sieve.json");
            foreach (JsonProperty network in all.RootElement.EnumerateObject())
                foreach (JsonProperty each in network.Value.EnumerateObject())
                    cases.Add(network.Name, each.Name);
            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Twenty_five_steps_end_where_the_reference_ends(string networkName, string caseName)
    {
        NativeBackend.EnsureLoaded();
        using JsonDocument all = Golden.Json("feature_sieve.json");
        JsonElement golden = all.RootElement.GetProperty(networkName).GetProperty(caseName);
        using var scope = NewDisposeScope();
        using SafetensorsFile file = SafetensorsFile.Open(Golden.Path($"feature_sieve_{networkName}.safetensors"));

        using StagedNetwork network = networkName == "mlp" ? new GoldenMlp() : new GoldenConvNet();
        if (networkName == "convnet") network.Input.Configure([127.5f], [1 / 127.5f], ChannelOrder.Rgb);
        var options = new FeatureSieveTrainer.Options
        {
            Readout =
            {
                Stage = golden.GetProperty("stage").GetInt32(),
                Depth = golden.GetProperty("readout_depth").GetInt32(),
                Width = networkName == "mlp" ? 12 : 8,
            },
            Optimizer =
            {
                Kind = OptimizerKind.Sgd,
                LearningRate = golden.GetProperty("rate").GetDouble(),
                WeightDecay = golden.GetProperty("decay").GetDouble(),
                ClipNorm = 0,
            },
            ReadoutLearningRate = golden.GetProperty("readout_rate").GetDouble(),
            ReadoutWeightDecay = golden.GetProperty("decay").GetDouble(),
            ForgetLearningRate = golden.GetProperty("forget_rate").GetDouble(),
            ForgetEvery = golden.GetProperty("forget_every").GetInt32(),
            ForgettingMovesStatistics = golden.GetProperty("forgetting_moves_statistics").GetBoolean(),
        };
        TappedReadout readout = SieveReadout.Create(network, options.Readout, seed: 1);
        string start = $"initial/{caseName.Split('/')[0]}/";
        GoldenWeights.Load(network, file, start, "");
        GoldenWeights.Load(readout.Head, file, start, "readout.");

        using var step = new SieveStep(
            network, readout, options, golden.GetProperty("frozen_batch_norm").GetBoolean(), EmpiricalRisk.Plain);
        Tensor features = file.Read(networkName == "mlp" ? "data/features" : "data/pixels"), labels = file.Read("data/labels");
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
            Assert.Equal(options.ForgetEvery > 0 && i % options.ForgetEvery == 0, means.ContainsKey("forget"));
            if (!means.TryGetValue("forget", out double before)) continue;
            GoldenWeights.AssertNear(
                losses.GetProperty("forget_before")[forgotten].GetDouble(), before, $"forgetting loss before step {i}");
            GoldenWeights.AssertNear(
                losses.GetProperty("forget_after")[forgotten++].GetDouble(), means["forgotten"], $"forgetting loss after step {i}");
        }

        GoldenWeights.AssertEqual(network, file, $"final/{caseName}/", "");
        GoldenWeights.AssertEqual(readout.Head, file, $"final/{caseName}/", "readout.");
    }
}
