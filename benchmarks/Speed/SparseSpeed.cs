using Microsoft.ML.EarlyReadout;
using Microsoft.ML.EarlyReadout.Networks;
using Microsoft.ML.EarlyReadout.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace MLSieve.Speed;

/// <summary>
/// Texts as words: what a plain step of the default Mlp costs where its first layer leaves out the numbers that are zero in all rows of the
/// batch, and where it does not, in turns, on the processor time of one thread.
/// </summary>
internal static class SparseSpeed
{
    private const int Wide = 100_000;
    private const int Words = 50;
    private const int Classes = 10;
    private const int Rounds = 12;
    private const int Steps = 8;

    public static void Run()
    {
        NativeBackend.EnsureLoaded();
        using KeptMemory kept = KeptMemory.Begin(); // as a fit does
        set_num_threads(1);
        foreach (int rows in new[] { 32, 256 }) Measure(rows);
    }

    private static void Measure(int rows)
    {
        using DisposeScope scope = NewDisposeScope();
        using var generator = new Generator(1, CPU);
        Tensor places = randint(0, Wide, [rows, Words], ScalarType.Int64, CPU, generator: generator);
        Tensor features = zeros(rows, Wide).scatter_(1, places, ones(rows, Words));
        var batch = new Batch(features, randint(0, Classes, [rows], ScalarType.Int64, CPU, generator: generator), new long[rows]);
        var kind = new NetworkOptions { Kind = NetworkKind.Mlp };
        var optimizer = new OptimizerOptions { Kind = OptimizerKind.Sgd, LearningRate = 0.01, ClipNorm = 0 };
        using StagedNetwork network = NetworkFactory.Create(kind, FeatureShape.Vector(Wide), pixels: null, Classes, seed: 1, _ => { });
        using var plain = new SupervisedStep(network, TrainedPart.All, EmpiricalRisk.Plain, optimizer, []);
        using var meters = new LossMeters(CPU, RankGroup.Single);
        var comparison = new Comparison(Rounds,
            Way.By(Clock.Processor, "without", () => Run(skips: false)), Way.By(Clock.Processor, "with", () => Run(skips: true)));
        Console.WriteLine(FormattableString.Invariant(
            $"Mlp 128-128 on {Wide} words, {Words} a text, batches of {rows}: a plain step ")
            + FormattableString.Invariant($"{1e3 * comparison.Seconds("without") / Steps:F1} ms, ")
            + FormattableString.Invariant($"{1e3 * comparison.Seconds("with") / Steps:F1} ms where zeros are left out: ")
            + $"{comparison.Ratio("with", "without")}");

        void Run(bool skips)
        {
            network.SetMostlyZero(skips);
            for (int step = 0; step < Steps; step++)
            {
                using DisposeScope each = NewDisposeScope();
                plain.Run(batch, new StepContext(step, 1, meters));
            }

            meters.Reset();
        }
    }
}
