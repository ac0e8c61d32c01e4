using System.Diagnostics;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.EarlyReadout.Networks;
using Microsoft.ML.EarlyReadout.Training;
using Microsoft.ML.FeatureSieve;
using TorchSharp;
using static TorchSharp.torch;

namespace MLSieve.Speed;

/// <summary>
/// What a step of the feature sieve with nothing set costs over a plain one, alternating and as one joint update, and what watching the
/// gradients' norm and averaging the weights cost, on the processor time of one thread. Ways alternate in one run; a ratio is the median
/// of the rounds' own, with the quarter below and above it. In theory a sieve's step costs 1 + r + (f + r)/F of a plain one: r is the
/// readout's share of the network, f that of the stages below it, F how seldom it forgets.
/// </summary>
internal static class TrainingSpeed
{
    private const int Side = 64;
    private const int Columns = 60;
    private const int Classes = 10;
    private const int Rows = 5000;
    private const int Rounds = 12;
    private static readonly TimeSpan LongEnough = TimeSpan.FromMilliseconds(200); // for a clock that ticks in tens of milliseconds

    /// <param name="only">The one network that is measured; all of them where it is left out.</param>
    public static void Run(string? only = null)
    {
        NativeBackend.EnsureLoaded();
        set_num_threads(1);
        FeatureShape image = FeatureShape.Image(3, Side, Side);
        Measure("Mlp", NetworkKind.Mlp, FeatureShape.Vector(Columns), pretrained: false);
        Measure("ConvNet", NetworkKind.ConvNet, image, pretrained: false);
        Measure("ResNet-18", NetworkKind.ResNet18, image, pretrained: false);
        Measure("ResNet-18, pretrained", NetworkKind.ResNet18, image, pretrained: true);

        void Measure(string name, NetworkKind kind, FeatureShape shape, bool pretrained)
        {
            if (only is null || only == name) TrainingSpeed.Measure(name, new NetworkOptions { Kind = kind }, shape, pretrained);
        }
    }

    private static void Measure(string name, NetworkOptions options, FeatureShape shape, bool pretrained)
    {
        using DisposeScope scope = NewDisposeScope();
        using var generator = new Generator(1, CPU);
        using StagedNetwork plainNetwork = Create(), sieveNetwork = Create(), jointNetwork = Create();
        var sieveOptions = new FeatureSieveTrainer.Options();
        sieveOptions.SetAutomatic(new TrainingFacts(sieveNetwork, pretrained, Rows)); // what weights the network has is no matter here
        int size = sieveOptions.BatchSize;
        Tensor features = shape is ImageShape
            ? randint(0, 256, [size, .. shape.Dimensions], ScalarType.Byte, CPU, generator: generator)
            : randn([size, .. shape.Dimensions], ScalarType.Float32, CPU, generator: generator);
        Tensor labels = randint(0, Classes, [size], ScalarType.Int64, CPU, generator: generator);
        var batch = new Batch(features, labels, new long[size]);
        using var meters = new LossMeters(CPU);

        using var plain = new SupervisedStep(plainNetwork, TrainedPart.All, EmpiricalRisk.Plain, sieveOptions.Optimizer, []);
        using ReadoutHead readout = ReadoutFactory.Create(sieveNetwork, sieveOptions.Readout, seed: 1);
        using var sieve = new SieveStep(sieveNetwork, readout, sieveOptions, frozenStatistics: pretrained, EmpiricalRisk.Plain);
        using ReadoutHead jointReadout = ReadoutFactory.Create(jointNetwork, sieveOptions.Readout, seed: 1);
        using var joint = new JointSieveStep(jointNetwork, jointReadout, sieveOptions, frozenStatistics: pretrained, EmpiricalRisk.Plain);
        using Optimizer watched = Optimizer.Create(sieveOptions.Optimizer, sieveNetwork);
        using var average = new AveragedWeights([plainNetwork], decay: 0.999);

        List<double> plainTimes = [], sieveTimes = [], jointTimes = [], normTimes = [], averageTimes = [];
        for (int round = 0; round < Rounds; round++)
        {
            plainTimes.Add(Time(() => Steps(plain)));
            sieveTimes.Add(Time(() => Steps(sieve)));
            jointTimes.Add(Time(() => Steps(joint)));
            nn.functional.cross_entropy(sieveNetwork.call(features), labels).backward();
            normTimes.Add(Time(() =>
            {
                for (int i = 0; i < sieveOptions.ForgetEvery; i++) watched.GradientNorm().Dispose();
            }));
            watched.ZeroGradients();
            averageTimes.Add(Time(() =>
            {
                for (int i = 0; i < sieveOptions.ForgetEvery; i++) average.Add(i);
            }));
        }

        double step = Median(plainTimes);
        Console.WriteLine(
            FormattableString.Invariant($"{name,-22} plain step {1e3 * step / sieveOptions.ForgetEvery:F2} ms; ")
            + FormattableString.Invariant($"sieve (stage {sieveOptions.Readout.Stage}, depth {sieveOptions.Readout.Depth}, ")
            + $"every {sieveOptions.ForgetEvery}) {Ratio(sieveTimes)} plain, joint {Ratio(jointTimes)}; "
            + FormattableString.Invariant(
                $"of a plain step: gradient norm {Median(normTimes) / step:P2}, averaging {Median(averageTimes) / step:P2}"));

        string Ratio(List<double> times)
        {
            double[] ratios = [.. times.Zip(plainTimes, (time, plain) => time / plain).Order()];
            (double low, double middle, double high) = (ratios[Rounds / 4], ratios[Rounds / 2], ratios[Rounds - 1 - (Rounds / 4)]);
            return FormattableString.Invariant($"{middle:F2} × ({low:F2} to {high:F2})");
        }

        StagedNetwork Create()
        {
            StagedNetwork network = NetworkFactory.Create(
                options, shape, shape is ImageShape ? PixelRange.Bytes : null, Classes, seed: 1, _ => { });
            network.SetChannelsLast(shape.IsConvolved);
            if (pretrained) network.SetBatchNormMode(BatchNormMode.Stored);
            network.train();
            return network;
        }

        // As many steps as it takes to forget once.
        void Steps(ITrainingStep training)
        {
            for (int i = 0; i < sieveOptions.ForgetEvery; i++)
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
