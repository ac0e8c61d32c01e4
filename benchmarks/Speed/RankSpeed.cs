using System.Diagnostics;
using System.Globalization;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.EarlyReadout.Networks;
using Microsoft.ML.EarlyReadout.Training;
using static TorchSharp.torch;

namespace MLSieve.Speed;

/// <summary>
/// One training of ResNet-18 by one process with one thread and with two, and by two processes with one each. The wall clock compares them
/// as they are; a busy machine does not run two processes side by side. So the processes of two ranks also count their processor time: of
/// steps that each of them does on its own and of steps that they share, in turns. That ratio is what the wall clock would show if each
/// rank had a core to itself and neither waited for the other.
/// </summary>
internal static class RankSpeed
{
    private const int Rounds = 3;
    private const int Steps = 4;
    private const int Turns = 12;

    public static void Run()
    {
        foreach (int rows in new[] { 32, 64 }) Run(rows);
    }

    private static void Run(int rows)
    {
        Console.WriteLine(FormattableString.Invariant(
            $"ResNet-18, 64 px, batches of {rows}; {Environment.ProcessorCount} cores, load {Load()}"));
        (string Name, int Ranks, int Threads)[] ways = [("1 thread", 1, 1), ("2 threads", 1, 2), ("2 ranks", 2, 1)];
        var wall = new Comparison(Rounds, [.. ways.Select(
            way => new Way(way.Name, () => Start("rank", rows, way.Ranks, way.Threads).Max(seconds => seconds[0])))]);
        double[][] turns = Start("turns", rows, ranks: 2, threads: 1); // of each rank: the ratios of shared steps, then those of halves
        Spread shared = Busier(turns, 0), halves = Busier(turns, Turns);
        Console.WriteLine("| against one process with one thread | wall clock | processor time |");
        Console.WriteLine("|---|---|---|");
        Console.WriteLine($"| one process with two threads | {wall.Ratio("1 thread", "2 threads")} | – |");
        Console.WriteLine($"| two ranks with one thread each | {wall.Ratio("1 thread", "2 ranks")} | {shared} |");
        Console.WriteLine($"| half of the rows, nothing shared | – | {halves} |");
    }

    // Of each turn the ratio of the rank that gains less.
    private static Spread Busier(double[][] ratios, int start) =>
        Spread.Of(Enumerable.Range(start, Turns).Select(turn => ratios.Min(ofRank => ofRank[turn])));

    /// <summary>What one of the processes does for the wall clock: trains, and writes the seconds.</summary>
    public static void RunRank(int rows)
    {
        NativeBackend.EnsureLoaded();
        using KeptMemory kept = KeptMemory.Begin(); // as a fit does
        using ProcessRanks ranks = ProcessRanks.Take(Distribution.Automatic, CancellationToken.None);
        using TrainingCase training = Case(rows / ranks.Group.Count, ranks.Group);
        ITrainingStep step = training.Plain();
        training.Run(step, 1);
        double wall = Clock.Wall.Time(() => training.Run(step, Steps));
        Console.WriteLine(FormattableString.Invariant($"{wall}"));
        ranks.EndTogether();
    }

    /// <summary>What one of two ranks does for processor time: a step on its own with all rows, one with half of them, and one that the
    /// ranks share, in turns; it writes the ratios.</summary>
    public static void RunTurns(int rows)
    {
        NativeBackend.EnsureLoaded();
        using KeptMemory kept = KeptMemory.Begin(); // as a fit does
        using ProcessRanks ranks = ProcessRanks.Take(Distribution.Automatic, CancellationToken.None);
        TrainingCase[] cases = [Case(rows, RankGroup.Single), Case(rows / 2, RankGroup.Single), Case(rows / 2, ranks.Group)];
        ITrainingStep[] steps = [.. cases.Select(each => each.Plain())];
        double[][] seconds = [new double[Turns], new double[Turns], new double[Turns]];
        for (int turn = -1; turn < Turns; turn++) // the first one warms up
        {
            for (int way = 0; way < cases.Length; way++)
            {
                double taken = Clock.Processor.Time(() => cases[way].Run(steps[way], 1));
                if (turn >= 0) seconds[way][turn] = taken;
            }
        }

        var ratios = seconds[0].Zip(seconds[2]).Concat(seconds[0].Zip(seconds[1])).Select(pair => pair.First / pair.Second);
        Console.WriteLine(string.Join(' ', ratios.Select(ratio => ratio.ToString(CultureInfo.InvariantCulture))));
        foreach (TrainingCase each in cases) each.Dispose();
        ranks.EndTogether();
    }

    private static TrainingCase Case(int rows, RankGroup ranks) => new(
        "ResNet-18", new NetworkOptions { Kind = NetworkKind.ResNet18 }, FeatureShape.Image(3, 64, 64), rows: rows, ranks: ranks);

    // Starts the processes, and returns the numbers that each writes.
    private static double[][] Start(string part, int rows, int ranks, int threads)
    {
        int port = GlooStore.FreePort();
        Process[] processes = [.. Enumerable.Range(0, ranks).Select(rank => Start(part, rows, rank, ranks, threads, port))];
        return [.. processes.Select(NumbersOf)];
    }

    private static double[] NumbersOf(Process process)
    {
        using (process)
        {
            string output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            if (process.ExitCode != 0) throw new InvalidOperationException($"A rank ended with exit code {process.ExitCode}: {output}");
            string last = output.TrimEnd().Split('\n')[^1]; // Gloo writes lines of its own before
            return [.. last.Split(' ').Select(text => double.Parse(text, CultureInfo.InvariantCulture))];
        }
    }

    private static Process Start(string part, int rows, int rank, int count, int threads, int port)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true };
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
            start.ArgumentList.Add(typeof(RankSpeed).Assembly.Location);
        start.ArgumentList.Add(part);
        start.ArgumentList.Add(rows.ToString(CultureInfo.InvariantCulture));
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

    private static string Load() => File.Exists("/proc/loadavg") ? File.ReadAllText("/proc/loadavg").Split(' ')[0] : "not known";
}
