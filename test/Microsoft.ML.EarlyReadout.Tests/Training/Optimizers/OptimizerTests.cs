using Microsoft.ML.EarlyReadout;
using TorchSharp;
using TorchSharp.Modules;

namespace MLSieve.Tests;

public sealed class OptimizerTests
{
    public static TheoryData<string> Kinds => ["plain", "momentum", "adamw"];

    [Theory, MemberData(nameof(Kinds))]
    public void Steps_leave_no_native_tensor_behind(string kind)
    {
        using var check = NativeLeakCheck.Start();
        using var scope = torch.NewDisposeScope();
        using var weight = new Parameter(torch.ones(3, 2));
        using var optimizer = Create(kind, [("weight", weight)]);
        for (int step = 0; step < 3; step++)
        {
            using var inner = torch.NewDisposeScope();
            optimizer.ZeroGradients();
            weight.mul(weight).sum().backward();
            optimizer.ClipGradients(1);
            optimizer.Step(0.1);
        }
    }

    [Fact]
    public void Options_that_are_still_automatic_are_refused_by_name()
    {
        using var scope = torch.NewDisposeScope();
        using var network = new Mlp(FeatureShape.Vector(2), [3], 2);
        var options = new Microsoft.ML.EarlyReadout.OptimizerOptions();
        RequireRefused("Kind", () => Optimizer.Create(options, network));

        options.Kind = OptimizerKind.Sgd;
        using Optimizer optimizer = Optimizer.Create(options, network);
        using var meters = new LossMeters(torch.CPU, RankGroup.Single);
        RequireRefused("LearningRate", () => optimizer.Descend(options, new StepContext(0, 1, meters)));
        options.LearningRate = 0.1;
        RequireRefused("ClipNorm", () => optimizer.Minimize(torch.zeros(1).sum(), options, new StepContext(0, 1, meters)));

        static void RequireRefused(string option, Action use) => Assert.Equal(
            $"Optimizer.{option} is automatic, which only a trainer can settle: take the options of the TrainingSession, or set it.",
            Assert.Throws<ArgumentException>(use).Message);
    }

    [Fact]
    public void Zeroed_gradients_are_gone_and_not_zeros()
    {
        using var scope = torch.NewDisposeScope();
        using var weight = new Parameter(torch.ones(2));
        using var optimizer = new SgdOptimizer([("weight", weight)]);
        weight.sum().backward();
        Assert.NotNull(weight.grad);
        optimizer.ZeroGradients();
        Assert.Null(weight.grad);
    }

    [Theory, MemberData(nameof(Kinds))]
    public void Without_a_gradient_a_step_moves_nothing(string kind)
    {
        using var scope = torch.NewDisposeScope();
        using var weight = new Parameter(torch.ones(2));
        using var optimizer = Create(kind, [("weight", weight)]);
        optimizer.Step(0.1);
        Assert.Equal([1f, 1f], weight.detach().data<float>().ToArray());
        Assert.All(optimizer.State, entry => Assert.Equal(0f, entry.Tensor.abs().sum().item<float>()));
    }

    [Theory, MemberData(nameof(Kinds))]
    public void The_memory_layout_of_a_weight_does_not_change_its_path(string kind)
    {
        using var scope = torch.NewDisposeScope();
        NativeBackend.EnsureConvolves();
        var start = torch.linspace(-1, 1, 2 * 3 * 2 * 2).reshape(2, 3, 2, 2);
        using var plain = new Parameter(start.clone());
        using var channelsLast = new Parameter(start.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2));
        Assert.NotEqual(plain.stride(), channelsLast.stride());
        var input = torch.linspace(0, 1, 4 * 3 * 5 * 5).reshape(4, 3, 5, 5);
        foreach (var weight in new[] { plain, channelsLast })
        {
            using var optimizer = Create(kind, [("w", weight)]);
            for (int step = 0; step < 3; step++)
            {
                optimizer.ZeroGradients();
                var output = torch.nn.functional.conv2d(input, weight);
                output.mul(output).mean().backward();
                optimizer.Step(0.1);
            }
        }
        Assert.True(plain.detach().allclose(channelsLast.detach(), 1e-5, 1e-6));
        Assert.False(plain.detach().allclose(start, 1e-5, 1e-3));
    }

    [Fact]
    public void Small_gradients_are_not_clipped()
    {
        using var scope = torch.NewDisposeScope();
        using var weight = new Parameter(torch.ones(2));
        using var optimizer = new SgdOptimizer([("w", weight)]);
        weight.grad = torch.tensor([0.3f, 0.4f]);
        optimizer.ClipGradients(0.6);
        Assert.Equal([0.3f, 0.4f], weight.grad!.data<float>().ToArray());
    }

    [Fact]
    public void Impossible_constants_and_parameters_are_refused()
    {
        using var weight = new Parameter(torch.ones(2));
        (string, Parameter)[] one = [("w", weight)];
        Assert.Throws<ArgumentOutOfRangeException>(() => new SgdOptimizer(one, momentum: 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new SgdOptimizer(one, weightDecay: -1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new AdamWOptimizer(one, beta1: -0.1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new AdamWOptimizer(one, epsilon: 0));
        Assert.Throws<ArgumentException>(() => new SgdOptimizer([]));
        Assert.Contains("'w'", Assert.Throws<ArgumentException>(() => new SgdOptimizer([.. one, .. one])).Message);
        weight.grad = torch.ones(2);
        using var optimizer = new SgdOptimizer(one);
        Assert.Throws<ArgumentOutOfRangeException>(() => optimizer.ClipGradients(0));
    }

    private static Optimizer Create(string kind, (string, Parameter)[] parameters) => kind switch
    {
        "plain" => new SgdOptimizer(parameters),
        "momentum" => new SgdOptimizer(parameters, momentum: 0.9, weightDecay: 0.01),
        _ => new AdamWOptimizer(parameters, weightDecay: 0.01),
    };

    private static void Train(Optimizer optimizer, Parameter weight, int steps)
    {
        for (int step = 0; step < steps; step++)
        {
            optimizer.ZeroGradients();
            weight.mul(weight).sum().backward();
            optimizer.Step(0.1);
        }
    }
}
