using Microsoft.ML.EarlyReadout;
using Microsoft.ML.FeatureSieve;
using TorchSharp;
using static TorchSharp.torch;

namespace MLSieve.Tests;

public sealed class JointSieveStepTests
{
    [Fact]
    public void Each_stage_runs_once_a_step_though_every_step_forgets()
    {
        using var scope = NewDisposeScope();
        using var network = new CountingNetwork();
        using TappedReadout readout = SieveReadout.Create(network, Options().Readout, seed: 1); // looks once at what the stage puts out
        network.StartCounting();
        Run(network, readout, Options(), steps: [0, 1, 2, 3]);
        Assert.Equal([4, 4, 4], network.Runs);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Forgetting_reaches_the_stages_up_to_the_readout_and_neither_the_readout_nor_those_above(int stage)
    {
        using var scope = NewDisposeScope();
        using CountingNetwork forgets = new(), doesNot = new();
        FeatureSieveTrainer.Options options = Options(every: 2);
        options.Readout.Stage = stage;
        using TappedReadout one = SieveReadout.Create(forgets, options.Readout, seed: 1),
            other = SieveReadout.Create(doesNot, options.Readout, seed: 1);
        Run(forgets, one, options, steps: [0]);
        Run(doesNot, other, options, steps: [1]);

        Dictionary<string, Tensor> plain = doesNot.state_dict(), readout = other.Head.state_dict();
        foreach ((string name, Tensor value) in forgets.state_dict())
        {
            bool lower = name.StartsWith("stage", StringComparison.Ordinal) && name[5] - '0' <= stage;
            Assert.True(value.Equals(plain[name]) != lower, $"{name} is {(lower ? "as without" : "touched by")} forgetting");
        }

        foreach ((string name, Tensor value) in one.Head.state_dict()) Assert.True(
            value.Equals(readout[name]), $"readout {name} is touched by forgetting");
    }

    [Theory]
    [InlineData(OptimizerKind.Sgd, 0.9, 0.05, 0.5, 1)]
    [InlineData(OptimizerKind.Sgd, 0.9, 0.02, 0.02, 0.1)]
    [InlineData(OptimizerKind.Sgd, 0, 0.05, 0.5, 10)]
    [InlineData(OptimizerKind.AdamW, 0, 0.001, 0.2, 1)] // SGD would have the rate 0.02
    public void The_weight_of_forgetting_is_the_ratio_of_the_rates_without_what_momentum_adds(
        OptimizerKind kind, double momentum, double rate, double forgetRate, double weight)
    {
        var options = new FeatureSieveTrainer.Options
        {
            Optimizer = { Kind = kind, Momentum = momentum, LearningRate = rate, ClipNorm = 0 },
            ForgetLearningRate = forgetRate,
        };
        using var network = new CountingNetwork();
        options.SetAutomatic(new TrainingFacts(network, Pretrained: false, Rows: 16));
        Assert.Equal(weight, options.ForgetWeight!.Value, 12);
    }

    [Fact]
    public void The_same_rate_moves_the_stages_as_far_in_all_as_a_forgetting_step()
    {
        // The readout does not learn and the rates are so small that the gradients stay what they are: both ways add up to plain training
        // plus the rate times the gradient of forgetting, the joint one once momentum has spent it.
        using var scope = NewDisposeScope();
        using CountingNetwork joint = new(), alternating = new(), plain = new();
        FeatureSieveTrainer.Options options = Options(every: 1000);
        (options.Optimizer.LearningRate, options.ForgetLearningRate, options.ReadoutLearningRate) = (1e-6, 0.1, 1e-12);
        using TappedReadout one = SieveReadout.Create(joint, options.Readout, seed: 1),
            other = SieveReadout.Create(alternating, options.Readout, seed: 1);
        using TappedReadout third = SieveReadout.Create(plain, options.Readout, seed: 1);
        int[] steps = [.. Enumerable.Range(0, 100)];
        Run(joint, one, options, steps, batch: 0);
        using (var step = new SieveStep(alternating, other, options, frozenStatistics: false, EmpiricalRisk.Plain))
            Run(alternating, step, steps, batch: 0);
        Run(plain, third, options, [.. steps.Select(step => step + 1)], batch: 0);

        Tensor start = plain.state_dict()["stage1.weight"];
        Tensor jointly = joint.state_dict()["stage1.weight"].sub(start), inTurn = alternating.state_dict()["stage1.weight"].sub(start);
        Assert.True(inTurn.norm().ToDouble() > 1e-4, $"forgotten: {inTurn.norm().ToDouble()}");
        Assert.InRange(jointly.sub(inTurn).norm().ToDouble() / inTurn.norm().ToDouble(), 0, 0.01);
    }

    [Fact]
    public void The_schedules_factor_is_on_the_rates_of_network_readout_and_forgetting()
    {
        using var scope = NewDisposeScope();
        FeatureSieveTrainer.Options options = Options(), slow = Options();
        slow.Optimizer.LearningRate *= 0.25; // a power of two, so that no product is rounded
        slow.ReadoutLearningRate *= 0.25;
        slow.ForgetLearningRate *= 0.25;
        Dictionary<string, Tensor> whole = Step(options, factor: 1), quarter = Step(slow, factor: 1);
        foreach ((string name, Tensor value) in Step(options, factor: 0.25))
        {
            Assert.True(value.Equals(quarter[name]), $"{name} did not move by a quarter of its rate");
            Assert.False(value.Equals(whole[name]), $"{name} moved by its whole rate");
        }

        static Dictionary<string, Tensor> Step(FeatureSieveTrainer.Options options, double factor)
        {
            using var network = new CountingNetwork();
            using TappedReadout readout = SieveReadout.Create(network, options.Readout, seed: 1);
            Run(network, readout, options, steps: [0], factor: factor);
            return network.ParametersWith(readout);
        }
    }

    private static FeatureSieveTrainer.Options Options(int every = 1) => new()
    {
        Update = SieveUpdate.Joint,
        ForgetEvery = every,
        Readout = { Stage = 2, Depth = 0 },
        Optimizer = { Kind = OptimizerKind.Sgd, LearningRate = 0.05, ClipNorm = 0 },
        ReadoutLearningRate = 0.01,
        ForgetLearningRate = 0.05,
    };

    private static void Run(
        CountingNetwork network, TappedReadout readout, FeatureSieveTrainer.Options options, int[] steps, int? batch = null,
        double factor = 1)
    {
        options.SetAutomatic(new TrainingFacts(network, Pretrained: false, Rows: 16));
        using var step = new JointSieveStep(network, readout, options, frozenStatistics: false, EmpiricalRisk.Plain);
        Run(network, step, steps, batch, factor);
    }

    private static void Run(CountingNetwork network, ITrainingStep step, int[] steps, int? batch, double factor = 1)
    {
        network.train();
        using var meters = new LossMeters(CPU, RankGroup.Single);
        for (int i = 0; i < steps.Length; i++)
        {
            using var scope = NewDisposeScope();
            step.Run(CountingNetwork.Rows(batch ?? i), new StepContext(steps[i], factor, meters));
        }
    }
}
