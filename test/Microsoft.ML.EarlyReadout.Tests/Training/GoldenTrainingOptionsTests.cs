using Microsoft.ML.EarlyReadout;
using TorchSharp;
using static TorchSharp.torch;

namespace MLSieve.Tests;

/// <summary>Trainings with an option each, against those of PyTorch.</summary>
public sealed class GoldenTrainingOptionsTests
{
    private const int Steps = 8; // that of test/golden/training_options.py

    [Fact]
    public void Without_options_it_is_plain_training() => AssertTrained("plain", Sgd());

    [Fact]
    public void Each_stage_has_its_rate_and_biases_and_norms_do_not_decay_by_descent()
    {
        OptimizerOptions options = Sgd();
        (options.StageRateDecay, options.DecayBiasesAndNorms) = (0.5, false);
        AssertTrained("sgd", options);
    }

    [Fact]
    public void Each_stage_has_its_rate_and_biases_and_norms_do_not_decay_by_adamw() => AssertTrained(
        "adamw",
        new()
        {
            Kind = OptimizerKind.AdamW,
            LearningRate = 0.05,
            WeightDecay = 0.1,
            StageRateDecay = 0.5,
            DecayBiasesAndNorms = false,
            ClipNorm = 0,
        });

    [Fact]
    public void A_frozen_stage_keeps_its_weights_and_its_stored_statistics()
    {
        OptimizerOptions options = Sgd();
        options.FrozenStages = 1;
        AssertTrained("frozen", options);
    }

    [Fact]
    public void Labels_are_smoothed_by_every_risk()
    {
        AssertTrained("smoothed", Sgd(), new EmpiricalRisk(new LabelLoss(0.2)));
        AssertTrained("smoothed", Sgd(), new WeightedRisk([.. Enumerable.Repeat(1f, 8 * Steps)], new LabelLoss(0.2), CPU));
    }

    [Fact]
    public void A_row_counts_as_much_as_its_example_weight_says()
    {
        NativeBackend.EnsureLoaded();
        using DisposeScope scope = NewDisposeScope();
        using SafetensorsFile golden = SafetensorsFile.Open(Golden.Path("training_options.safetensors"));
        float[] weights = golden.Read("weights").data<float>().ToArray();
        AssertTrained("weighted", Sgd(), new EmpiricalRisk(new LabelLoss(0, weights)));
        AssertTrained("weighted", Sgd(), new WeightedRisk([.. Enumerable.Repeat(1f, weights.Length)], new LabelLoss(0, weights), CPU));
    }

    private static OptimizerOptions Sgd() => new()
    {
        Kind = OptimizerKind.Sgd,
        LearningRate = 0.05,
        WeightDecay = 0.1,
        Momentum = 0.9,
        ClipNorm = 0,
    };

    private static void AssertTrained(string name, OptimizerOptions options, IRisk? risk = null)
    {
        NativeBackend.EnsureLoaded();
        using DisposeScope scope = NewDisposeScope();
        using SafetensorsFile golden = SafetensorsFile.Open(Golden.Path("training_options.safetensors"));
        using var network = new ConvNet(FeatureShape.Image(3, 8, 8), [4, 5], 3);
        GoldenWeights.Load(network, golden, "start/");
        network.Freeze(options.FrozenStages);
        network.train();
        network.SetBatchNormMode(BatchNormMode.BatchAndStore); // as a method may in every step: what is frozen stays so
        using var step = new SupervisedStep(network, options, risk);
        using var meters = new LossMeters(CPU, RankGroup.Single);
        for (int i = 0; i < Steps; i++)
        {
            using var batch = new Batch(
                golden.Read($"features/{i}"), golden.Read($"labels/{i}"), [.. Enumerable.Range(8 * i, 8).Select(row => (long)row)]);
            step.Run(batch, new StepContext(i, 1, meters));
        }

        GoldenWeights.AssertEqual(network, golden, name + "/");
    }
}
