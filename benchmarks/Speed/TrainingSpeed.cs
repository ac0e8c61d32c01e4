using System.Diagnostics;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.FeatureSieve;
using TorchSharp;
using static TorchSharp.torch;

namespace MLSieve.Speed;

/// <summary>
/// What a step of the feature sieve costs over a plain one, and what watching the gradients' norm costs, on the processor time of one thread. Ways alternate in one run; each one's median counts.
/// In theory a sieve's step costs 1 + f/F of a plain one: f is the share of the network below the readout, F how seldom it forgets; the readout comes on top.
/// </summary>
internal static class TrainingSpeed
{
    private const int Batch = 64;
    private const int Side = 32;
    private const int Classes = 10;
    private const int ForgetEvery = 5;
    private const int Rounds = 12;
    private static readonly TimeSpan LongEnough = TimeSpan.FromMilliseconds(200); // for a clock that ticks in tens of milliseconds

    public static void Run()
    {
        NativeBackend.EnsureLoaded();
        set_num_threads(1);
        Measure("Mlp 128-128", new NetworkOptions { Kind = NetworkKind.Mlp, HiddenUnits = [128, 128] }, FeatureShape.Vector(32));
        Measure("ConvNet 32-64-128", new NetworkOptions { Kind = NetworkKind.ConvNet, Channels = [32, 64, 128] }, FeatureShape.Image(3, Side, Side));
        Measure("ResNet-18, 3×3 stem", new NetworkOptions { Kind = NetworkKind.ResNet18, Stem = ResNetStem.Small }, FeatureShape.Image(3, Side, Side));
    }

    private static void Measure(string name, NetworkOptions options, FeatureShape shape)
    {
        using DisposeScope scope = NewDisposeScope();
        using var generator = new Generator(1, CPU);
        Tensor features = shape.IsImage
            ? randint(0, 256, [Batch, .. shape.Dimensions], ScalarType.Byte, CPU, generator: generator)
            : randn([Batch, .. shape.Dimensions], ScalarType.Float32, CPU, generator: generator);
        Tensor labels = randint(0, Classes, [Batch], ScalarType.Int64, CPU, generator: generator);
        var batch = new Batch(features, labels, null, new long[Batch]);
        using var meters = new LossMeters(CPU);

        using StagedNetwork plainNetwork = Create(), sieveNetwork = Create();
        var sieveOptions = new FeatureSieveTrainer.Options { ForgetEvery = ForgetEvery, Readout = { Stage = 1, Depth = 0 } };
        using var plain = new SupervisedStep(plainNetwork, TrainedPart.All, EmpiricalRisk.Instance, new OptimizerOptions(), []);
        using ReadoutHead readout = ReadoutFactory.Create(sieveNetwork, sieveOptions.Readout, seed: 1);
        using var sieve = new SieveStep(sieveNetwork, readout, sieveOptions, frozenStatistics: false);
        using Optimizer watched = Optimizer.Create(new OptimizerOptions(), [.. sieveNetwork.named_parameters()]);

        List<double> plainTimes = [], sieveTimes = [], normTimes = [];
        for (int round = 0; round < Rounds; round++)
        {
            plainTimes.Add(Time(() => Steps(plain)));
            sieveTimes.Add(Time(() => Steps(sieve)));
            nn.functional.cross_entropy(sieveNetwork.call(features), labels).backward();
            normTimes.Add(Time(() =>
            {
                for (int i = 0; i < ForgetEvery; i++) watched.GradientNorm().Dispose();
            }));
            watched.ZeroGradients();
        }

        double step = Median(plainTimes);
        Console.WriteLine(FormattableString.Invariant(
            $"{name,-22} plain step {1e3 * step / ForgetEvery:F2} ms; sieve (stage 1, every {ForgetEvery}) {Median(sieveTimes) / step:F2} × plain; gradient norm {Median(normTimes) / step:P2} of a plain step"));

        StagedNetwork Create()
        {
            StagedNetwork network = NetworkFactory.Create(options, shape, shape.IsImage ? PixelRange.Bytes : null, Classes, seed: 1, _ => { });
            network.SetChannelsLast(shape.IsImage);
            network.train();
            return network;
        }

        // As many steps as it takes to forget once.
        void Steps(ITrainingStep training)
        {
            for (int i = 0; i < ForgetEvery; i++)
            {
                using DisposeScope each = NewDisposeScope();
                training.Run(batch, new StepContext(i, 1, meters));
            }

            meters.Reset();
        }
    }

    /// <summary>Seconds of processor time, the mean of as many repetitions as it takes to measure them.</summary>
    public static double Time(Action action)
    {
        using Process process = Process.GetCurrentProcess();
        TimeSpan before = process.TotalProcessorTime, spent = TimeSpan.Zero;
        int repetitions = 0;
        for (; spent < LongEnough; repetitions++)
        {
            using (NewDisposeScope()) action();
            process.Refresh();
            spent = process.TotalProcessorTime - before;
        }

        return spent.TotalSeconds / repetitions;
    }

    public static double Median(List<double> times) => times.Order().ElementAt(times.Count / 2);
}
