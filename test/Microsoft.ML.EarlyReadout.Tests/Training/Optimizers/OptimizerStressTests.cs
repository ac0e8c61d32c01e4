using System.Diagnostics;
using Microsoft.ML.EarlyReadout;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace MLSieve.Tests;

public sealed class OptimizerStressTests
{
    /// <summary>
    /// A Scalar or gradient that dies too early ends the process, or shows as a loss that is not finite. TorchSharp's own optimisers fail
    /// this.
    /// </summary>
    [Theory, InlineData("sgd"), InlineData("adamw")]
    public void Training_survives_threads_that_keep_the_garbage_collector_busy(string kind)
    {
        NativeBackend.EnsureLoaded();
        using var stop = new CancellationTokenSource();
        var clock = Stopwatch.StartNew();
        var threads = Enumerable.Range(0, 2).Select(_ => new Thread(() => Allocate(stop.Token)) { IsBackground = true }).ToArray();
        foreach (var thread in threads)
            thread.Start();
        using var scope = NewDisposeScope();
        using var generator = new Generator(1);
        var input = randn([64, 20], generator: generator);
        var target = input.narrow(1, 0, 1).gt(Scalars.Zero).to(int64).squeeze(1);
        using var first = new Parameter(randn([16, 20], generator: generator).mul(Scalars.Of(0.2)));
        using var second = new Parameter(randn([2, 16], generator: generator).mul(Scalars.Of(0.2)));
        (string, Parameter)[] parameters = [("first", first), ("second", second)];
        using Optimizer optimizer = kind == "sgd"
            ? new SgdOptimizer(parameters, 0.9, 1e-4)
            : new AdamWOptimizer(parameters, weightDecay: 1e-2);
        int steps = 0;
        float start = 0, loss = 0;
        for (; steps < 200 || clock.Elapsed < TimeSpan.FromSeconds(3); steps++)
        {
            using var inner = NewDisposeScope();
            optimizer.ZeroGradients();
            var logits = nn.functional.linear(nn.functional.relu(nn.functional.linear(input, first)), second); // (64, 2)
            var value = nn.functional.cross_entropy(logits, target);
            value.backward();
            optimizer.ClipGradients(5);
            optimizer.Step(0.02 / (1 + 1e-4 * steps)); // another rate in every step: as many passing Scalars as steps
            loss = value.item<float>();
            Assert.True(float.IsFinite(loss), $"loss {loss} in step {steps}");
            if (steps == 0)
                start = loss;
        }
        stop.Cancel();
        foreach (var thread in threads)
            thread.Join();
        Assert.True(loss < 0.5f * start, $"loss {start} → {loss} in {steps} steps");
    }

    private static void Allocate(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            object[] garbage = new object[100];
            for (int i = 0; i < garbage.Length; i++)
                garbage[i] = new byte[1000];
            GC.Collect(0);
        }
    }
}
