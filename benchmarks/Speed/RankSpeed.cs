using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.EarlyReadout.Networks;
using Microsoft.ML.EarlyReadout.Training;
using static TorchSharp.torch;

namespace MLSieve.Speed;

/// <summary>
/// One training of ResNet-18 by one process with one thread and with two, and by two processes with one each, in turns. A busy machine does
/// not run two processes side by side, so there are two ratios: of the wall clock, and of processor time, that of the busier rank: what the
/// wall clock would show if each rank had a core to itself.
/// </summary>
internal static class RankSpeed
{
    private const int Rounds = 3;
    private const int Rows = 32; // of the whole batch
    private const int Steps = 4;

    public static void Run()
    {
        Console.WriteLine(FormattableString.Invariant(
            $"ResNet-18, 64 px, batches of {Rows}; {Environment.ProcessorCount} cores, load {Load()}"));
        (string Name, int Ranks, int Threads)[] ways = [("1 thread", 1, 1), ("2 threads", 1, 2), ("2 ranks", 2, 1)];
        Dictionary<string, double> processor = [];
        List<Way> wall = [], busy = [];
        foreach ((string name, int ranks, int threads) in ways)
        {
            wall.Add(new Way(name, () =>
            {
                (double seconds, processor[name]) = Train(ranks, threads);
                return seconds;
            }));
            busy.Add(new Way($"{name}, processor", () => processor[name])); // of the same run
        }

        var comparison = new Comparison(Rounds, [.. wall.Zip(busy).SelectMany(pair => new[] { pair.First, pair.Second })]);
        Console.WriteLine("| against one process with one thread | wall clock | processor time |");
        Console.WriteLine("|---|---|---|");
        Console.WriteLine($"| one process with two threads | {comparison.Ratio("1 thread", "2 threads")} | – |");
        Console.WriteLine($"| two ranks with one thread each | {comparison.Ratio("1 thread", "2 ranks")} | "
            + $"{comparison.Ratio("1 thread, processor", "2 ranks, processor")} |");
    }

    /// <summary>What one of the processes does: trains, and writes the wall clock's and the processor's seconds.</summary>
    public static void RunRank()
    {
        NativeBackend.EnsureLoaded();
        using ProcessRanks ranks = ProcessRanks.Take(Distribution.Automatic, CancellationToken.None);
        using var training = new TrainingCase("ResNet-18", new NetworkOptions { Kind = NetworkKind.ResNet18 },
            FeatureShape.Image(3, 64, 64), rows: Rows / ranks.Group.Count, ranks: ranks.Group);
        ITrainingStep step = training.Plain();
        training.Run(step, 1);
        double processor = Clock.Processor.Now;
        double wall = Clock.Wall.Time(() => training.Run(step, Steps));
        Console.WriteLine(FormattableString.Invariant($"{wall} {Clock.Processor.Now - processor}"));
        ranks.EndTogether();
    }

    private static (double Wall, double Processor) Train(int ranks, int threads)
    {
        int port = FreePort();
        Process[] processes = [.. Enumerable.Range(0, ranks).Select(rank => Start(rank, ranks, threads, port))];
        double wall = 0, processor = 0;
        foreach (Process process in processes)
        {
            using (process)
            {
                string output = process.StandardOutput.ReadToEnd();
                process.WaitForExit();
                if (process.ExitCode != 0) throw new InvalidOperationException($"A rank ended with exit code {process.ExitCode}: {output}");
                string last = output.TrimEnd().Split('\n')[^1]; // Gloo writes lines of its own before
                double[] seconds = [.. last.Split(' ').Select(text => double.Parse(text, CultureInfo.InvariantCulture))];
                (wall, processor) = (Math.Max(wall, seconds[0]), Math.Max(processor, seconds[1]));
            }
        }

        return (wall, processor);
    }

    private static Process Start(int rank, int count, int threads, int port)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true };
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
            start.ArgumentList.Add(typeof(RankSpeed).Assembly.Location);
        start.ArgumentList.Add("rank");
        start.Environment["OMP_NUM_THREADS"] = threads.ToString(CultureInfo.InvariantCulture);
        if (count == 1) return Process.Start(start)!;
        (string Name, string Value)[] variables =
        [
            ("RANK", rank.ToString(CultureInfo.InvariantCulture)), ("LOCAL_RANK", rank.ToString(CultureInfo.InvariantCulture)),
            ("WORLD_SIZE", count.ToString(CultureInfo.InvariantCulture)), ("MASTER_ADDR", "127.0.0.1"),
            ("MASTER_PORT", port.ToString(CultureInfo.InvariantCulture)), ("GLOO_SOCKET_IFNAME", "lo"),
        ];
        foreach ((string name, string value) in variables) start.Environment[name] = value;
        return Process.Start(start)!;
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static string Load() => File.Exists("/proc/loadavg") ? File.ReadAllText("/proc/loadavg").Split(' ')[0] : "not known";
}
