using Microsoft.ML.EarlyReadout;
using Microsoft.ML.FeatureSieve;
using TorchSharp;
using static TorchSharp.torch;

namespace MLSieve.Tests;

public sealed class SieveStepTests
{
    [Fact]
    public void Without_forgetting_the_network_is_bitwise_that_of_plain_training()
    {
        using var scope = NewDisposeScope();
        using var sieved = new CountingNetwork();
        using var plain = new CountingNetwork();
        Train(sieved, Options(forgetEvery: 0), steps: 10);

        using var optimizer = new SgdOptimizer([.. plain.named_parameters()], 0.9, 1e-4);
        plain.train();
        for (int i = 0; i < 10; i++)
        {
            using Batch batch = CountingNetwork.Rows(i);
            nn.functional.cross_entropy(plain.call(batch.Features), batch.Labels).backward();
            optimizer.Step(0.05);
            optimizer.ZeroGradients();
        }

        AssertEqual(plain, sieved);
    }

    [Fact]
    public void The_readout_never_reaches_into_the_network()
    {
        using var scope = NewDisposeScope();
        using var one = new CountingNetwork();
        using var other = new CountingNetwork();
        Train(one, Options(forgetEvery: 0), steps: 10, readoutSeed: 1);
        FeatureSieveTrainer.Options strong = Options(forgetEvery: 0);
        strong.ReadoutLearningRate = 5;
        Train(other, strong, steps: 10, readoutSeed: 2);
        AssertEqual(one, other);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void A_forgetting_step_moves_the_stages_up_to_the_readout_and_nothing_else(int stage)
    {
        using var scope = NewDisposeScope();
        using var network = new CountingNetwork();
        FeatureSieveTrainer.Options options = Options(forgetEvery: 1);
        options.Readout.Stage = stage;
        // what moves now, forgetting moves
        (options.Optimizer.LearningRate, options.ReadoutLearningRate, options.ForgetLearningRate) = (0, 0, 0.5);
        using TappedReadout readout = SieveReadout.Create(network, options.Readout, 3);
        Dictionary<string, Tensor> before = Copy(network), readoutBefore = Copy(readout.Head);
        using (var step = new SieveStep(network, readout, options, frozenStatistics: false, EmpiricalRisk.Plain))
        using (var meters = new LossMeters(CPU, RankGroup.Single))
        using (Batch batch = CountingNetwork.Rows(0))
        {
            network.train();
            step.Run(batch, new StepContext(0, 1, meters));
            Assert.Equal(readoutBefore.Keys, Copy(readout.Head).Keys);
            foreach ((string name, Tensor value) in readout.Head.state_dict()) Assert.True(
                value.Equals(readoutBefore[name]), $"readout {name} moved");
        }

        foreach ((string name, Tensor value) in network.state_dict())
        {
            bool lower = name.StartsWith("stage", StringComparison.Ordinal) && name[5] - '0' <= stage;
            Assert.True(value.Equals(before[name]) != lower, $"{name} {(lower ? "stayed" : "moved")}");
        }
    }

    [Fact]
    public void A_step_without_forgetting_runs_each_stage_once_and_forgetting_stops_at_the_readout()
    {
        using var scope = NewDisposeScope();
        using var network = new CountingNetwork();
        Train(network, Options(forgetEvery: 0), steps: 10);
        Assert.Equal([10, 10, 10], network.Runs);

        using var forgetting = new CountingNetwork();
        FeatureSieveTrainer.Options options = Options(forgetEvery: 5);
        options.Readout.Stage = 2;
        Train(forgetting, options, steps: 10); // forgets at steps 0 and 5
        Assert.Equal([12, 12, 10], forgetting.Runs);
    }

    [Fact]
    public void Forgetting_alone_drives_its_loss_down_to_the_bound_and_no_further()
    {
        using var scope = NewDisposeScope();
        using var network = new CountingNetwork();
        FeatureSieveTrainer.Options options = Options(forgetEvery: 1);
        (options.Optimizer.LearningRate, options.ReadoutLearningRate, options.ForgetLearningRate) = (0, 0, 0.2);
        IReadOnlyDictionary<string, double> first = Train(network, options, steps: 1), last = Train(network, options, steps: 300);
        Assert.True(first["forgotten"] < first["forget"]);
        Assert.InRange(last["forgotten"], Math.Log(3), first["forget"]);
        Assert.True(
            last["forgotten"] - Math.Log(3) < 0.2 * (first["forget"] - Math.Log(3)), $"forgetting loss is still {last["forgotten"]}");
    }

    [Fact]
    public void The_schedules_factor_is_on_the_rates_of_network_readout_and_forgetting()
    {
        using var scope = NewDisposeScope();
        FeatureSieveTrainer.Options options = Options(forgetEvery: 1), slow = Options(forgetEvery: 1);
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
            using TappedReadout readout = SieveReadout.Create(network, options.Readout, 1);
            network.train();
            using var step = new SieveStep(network, readout, options, frozenStatistics: false, EmpiricalRisk.Plain);
            using var meters = new LossMeters(CPU, RankGroup.Single);
            step.Run(CountingNetwork.Rows(0), new StepContext(0, factor, meters));
            return network.ParametersWith(readout);
        }
    }

    private static FeatureSieveTrainer.Options Options(int forgetEvery) => new()
    {
        ForgetEvery = forgetEvery,
        Readout = { Stage = 1, Depth = 0 },
        Optimizer = { Kind = OptimizerKind.Sgd, LearningRate = 0.05, ClipNorm = 0 },
        ReadoutLearningRate = 0.01,
        ForgetLearningRate = 0.01,
    };

    private static IReadOnlyDictionary<string, double> Train(
        CountingNetwork network, FeatureSieveTrainer.Options options, int steps, ulong readoutSeed = 1)
    {
        TappedReadout readout = SieveReadout.Create(network, options.Readout, readoutSeed); // looks once at what the stage puts out
        network.StartCounting();
        network.train();
        using var step = new SieveStep(network, readout, options, frozenStatistics: false, EmpiricalRisk.Plain);
        using var meters = new LossMeters(CPU, RankGroup.Single);
        for (int i = 0; i < steps; i++)
        {
            using var scope = NewDisposeScope();
            meters.Reset();
            step.Run(CountingNetwork.Rows(i), new StepContext(i, 1, meters));
        }

        return meters.Read();
    }

    private static Dictionary<string, Tensor> Copy(nn.Module module) =>
        module.state_dict().ToDictionary(entry => entry.Key, entry => entry.Value.clone());

    private static void AssertEqual(StagedNetwork expected, StagedNetwork actual)
    {
        Dictionary<string, Tensor> state = expected.state_dict();
        foreach ((string name, Tensor value) in actual.state_dict()) Assert.True(value.Equals(state[name]), $"{name} differs");
    }
}
