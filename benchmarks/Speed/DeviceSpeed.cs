using System.Diagnostics;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.EarlyReadout.Networks;
using Microsoft.ML.EarlyReadout.Training;
using Microsoft.ML.FeatureSieve;
using TorchSharp;
using static TorchSharp.torch;

namespace MLSieve.Speed;

/// <summary>
/// Images a second of a training step on the best device here, plain and by the feature sieve, in float32 and, on a GPU, bfloat16.
/// torch_speed.py trains the same networks on the same batches in Python.
/// </summary>
internal static class DeviceSpeed
{
    private const int Classes = 10;
    private const int WarmUp = 15; // by then the convolutions' ways are chosen
    private const int Rounds = 3;
    private static readonly TimeSpan LongEnough = TimeSpan.FromSeconds(1);

    public static void Run()
    {
        Device device = TrainingDevice.Choose("auto").Device;
        bool isGpu = device.type == DeviceType.CUDA;
        Console.WriteLine($"{NativeBackend.Description}\n{device}; images a second, the median of {Rounds} rounds");
        var convNet = new NetworkOptions { Kind = NetworkKind.ConvNet, Channels = [32, 64, 128] };
        var resNet = new NetworkOptions { Kind = NetworkKind.ResNet18, Stem = ResNetStem.ImageNet };
        Measure(device, "ConvNet", convNet, side: 28, rows: 32);
        Measure(device, "ResNet18", resNet, isGpu ? 224 : 64, isGpu ? 64 : 4);
    }

    private static void Measure(Device device, string name, NetworkOptions options, int side, int rows)
    {
        // A processor without instructions for bfloat16 takes minutes for a step in it.
        Precision[] precisions = device.type == DeviceType.CPU ? [Precision.Float32] : [Precision.Float32, Precision.BFloat16];
        foreach (Precision precision in precisions)
        {
            using DisposeScope scope = NewDisposeScope();
            using var generator = new Generator(1, CPU);
            Tensor features = randint(0, 256, [rows, 3, side, side], ScalarType.Byte, CPU, generator: generator).to(device); // (B, C, H, W)
            Tensor labels = randint(0, Classes, [rows], ScalarType.Int64, CPU, generator: generator).to(device); // (B)
            var batch = new Batch(features, labels, new long[rows]);
            using var meters = new LossMeters(device);
            using StagedNetwork plainNetwork = Create(), sieveNetwork = Create();
            var sieveOptions = new FeatureSieveTrainer.Options { Optimizer = { LearningRate = 1e-3 }, Readout = { Depth = 1, Width = 32 } };
            sieveOptions.SetAutomatic(new TrainingFacts(sieveNetwork, false, rows));
            using ReadoutHead readout = ReadoutFactory.Create(sieveNetwork, sieveOptions.Readout, seed: 1);
            readout.SetPrecision(precision);
            readout.SetChannelsLast(true);
            readout.to(device);
            using var plain = new SupervisedStep(plainNetwork, TrainedPart.All, EmpiricalRisk.Plain, sieveOptions.Optimizer, []);
            using var sieve = new SieveStep(sieveNetwork, readout, sieveOptions, frozenStatistics: false, EmpiricalRisk.Plain);
            Report("plain", plain);
            Report(FormattableString.Invariant($"sieve, stage {sieveOptions.Readout.Stage}, every {sieveOptions.ForgetEvery}"), sieve);

            StagedNetwork Create()
            {
                FeatureShape shape = FeatureShape.Image(3, side, side);
                StagedNetwork network = NetworkFactory.Create(options, shape, PixelRange.Bytes, Classes, seed: 1, _ => { });
                network.SetChannelsLast(true);
                network.SetPrecision(precision);
                network.to(device);
                network.train();
                return network;
            }

            void Report(string method, ITrainingStep step)
            {
                int done = 0;
                Steps(WarmUp);
                List<double> rates = [];
                for (int round = 0; round < Rounds; round++)
                {
                    var clock = Stopwatch.StartNew();
                    int steps = 0;
                    for (; clock.Elapsed < LongEnough; steps += sieveOptions.ForgetEvery) Steps(sieveOptions.ForgetEvery);
                    rates.Add(steps * rows / clock.Elapsed.TotalSeconds);
                }

                double rate = TrainingSpeed.Median(rates);
                Console.WriteLine(FormattableString.Invariant(
                    $"{name} {side} px, batch {rows}, {precision,-8} {method,-26} {rate,9:F0} img/s, {1e3 * rows / rate,7:F2} ms a step"));

                void Steps(int count)
                {
                    for (int i = 0; i < count; i++)
                    {
                        using DisposeScope each = NewDisposeScope();
                        step.Run(batch, new StepContext(done++, 1, meters));
                    }

                    meters.Reset();
                    if (device.type == DeviceType.CUDA) cuda.synchronize();
                }
            }
        }
    }
}
