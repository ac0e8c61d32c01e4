using Microsoft.ML.EarlyReadout;
using Microsoft.ML.EarlyReadout.Networks;
using Microsoft.ML.EarlyReadout.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace MLSieve.Speed;

/// <summary>
/// A plain step against a loop in TorchSharp as its examples write it, and against Python torch where there is one: the same network and
/// batch size, in turns. On the CPU by processor time on one thread, on a GPU by the wall clock. In each round each of them makes one step
/// untimed first, which brings back the memory and the caches that the others have taken.
/// </summary>
internal static class StepSpeed
{
    private const int Rounds = 5;
    private const double LongEnough = 0.4; // seconds of a round
    private const int FewestSteps = 4; // of a round, however long they take

    public static void Run()
    {
        NativeBackend.EnsureLoaded();
        set_num_threads(1);
        Device device = TrainingDevice.Choose("auto").Device;
        bool isGpu = device.type == DeviceType.CUDA;
        using PythonTorch? python = PythonTorch.Start();
        Console.WriteLine($"{device}; {NativeBackend.Description}; Python torch: {python?.Version ?? "none"}");
        Console.WriteLine("| network | our plain step | TorchSharp loop / ours | Python torch / ours |");
        Console.WriteLine("|---|---|---|---|");
        Measure("ConvNet", NetworkKind.ConvNet, 28, 32);
        Measure("ResNet-18", NetworkKind.ResNet18, isGpu ? 224 : 128, isGpu ? 64 : 8);

        void Measure(string name, NetworkKind kind, int side, int rows)
        {
            var network = new NetworkOptions { Kind = kind, Channels = [32, 64, 128], Stem = ResNetStem.ImageNet };
            using var training = new TrainingCase(name, network, FeatureShape.Image(3, side, side), rows: rows, device: device);
            ITrainingStep plain = training.Plain();
            using var loop = new TorchSharpLoop(kind, side, rows, device);
            Clock clock = isGpu ? Clock.Wall : Clock.Processor;
            training.Run(plain, 2);
            int count = Math.Max(FewestSteps, (int)(LongEnough / clock.Time(() => training.Run(plain, 1))));
            List<Way> ways = [new("ours", TimeOurs), new("loop", TimeLoop)];
            if (python is not null) ways.Add(new Way("python", () => TimePython(python)));
            var comparison = new Comparison(Rounds, ways);
            Console.WriteLine(FormattableString.Invariant(
                $"| {name}, {side} px, batch {rows} | {1e3 * comparison.Seconds("ours") / count:F1} ms | ")
                + $"{comparison.Ratio("loop", "ours")} | {(python is null ? "–" : comparison.Ratio("python", "ours"))} |");

            double TimeOurs()
            {
                using KeptMemory kept = KeptMemory.Begin(); // as a fit does
                training.Run(plain, 1);
                return clock.Time(() => training.Run(plain, count));
            }

            double TimeLoop()
            {
                loop.Run(1);
                return clock.Time(() => loop.Run(count));
            }

            double TimePython(PythonTorch process)
            {
                process.Time(name, side, rows, 1);
                return process.Time(name, side, rows, count);
            }
        }
    }
}
