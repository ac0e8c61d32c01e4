using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

/// <summary>The files of samples/Ranks, each with ranks that meet and sum.</summary>
public sealed class LauncherTests
{
    private static string Samples => Path.Combine(Repository.Root, "samples", "Ranks");

    public LauncherTests() => Assert.SkipUnless(OperatingSystem.IsLinux(), "Ranks need Linux.");

    [Fact]
    public async Task Without_a_launcher_the_ranks_meet() => await RequireRanks(3, "local.sh", "3");

    [Fact]
    public async Task Without_a_launcher_a_stop_waits_until_each_rank_has_paused()
    {
        string folder = Directory.CreateTempSubdirectory("local-").FullName;
        // rank 0, which is waited for first, pauses last
        const string Rank = """
            trap '[ $RANK = 0 ] && sleep 1; touch paused$RANK; exit 130' TERM
            touch started$RANK
            while :; do sleep 0.05; done
            """;
        using ChildProcess launcher = ChildProcess.Start(
            new ProcessStartInfo("bash", [Path.Combine(Samples, "local.sh"), "2", "bash", "-c", Rank]) { WorkingDirectory = folder });
        while (!launcher.HasExited && !(Is("started0") && Is("started1"))) await Task.Delay(20, TestContext.Current.CancellationToken);
        launcher.Send("TERM");
        await launcher.ExitAsync(TestContext.Current.CancellationToken);
        (bool first, bool second) = (Is("paused0"), Is("paused1")); // now, and not when the ranks have ended, too
        (int code, _, _) = await launcher.EndAsync(TestContext.Current.CancellationToken);
        Assert.Equal((130, true, true), (code, first, second));
        Directory.Delete(folder, recursive: true);

        bool Is(string name) => File.Exists(Path.Combine(folder, name));
    }

    [Fact]
    public async Task By_mpirun_the_ranks_meet()
    {
        Assert.SkipUnless(OnPath("mpirun"), "There is no mpirun; Debian's package openmpi-bin has one.");
        await RequireRanks(2, "mpirun.sh", "-np", "2", "--map-by", ":OVERSUBSCRIBE", "--host", "localhost:2");
    }

    [Fact]
    public async Task With_the_variables_of_srun_the_ranks_meet()
    {
        string folder = Directory.CreateTempSubdirectory("srun-").FullName;
        Executable("scontrol", "[ \"$*\" = \"show hostnames n[1-2]\" ] && printf '127.0.0.1\\nn2\\n'");
        // what srun sets, on one machine and without a cluster
        Executable("srun", """
            [ "$1 $2" = "--kill-on-bad-exit=1 --cpus-per-task=2" ] || exit 2
            shift 2
            for rank in 0 1; do SLURM_PROCID=$rank SLURM_LOCALID=0 "$@" & pids="$pids $!"; done
            for pid in $pids; do wait $pid || exit 1; done
            """);
        await RequireRanks(2, "slurm.sh", [], ("PATH", $"{folder}:{Environment.GetEnvironmentVariable("PATH")}"),
            ("SLURM_JOB_NODELIST", "n[1-2]"), ("SLURM_JOB_ID", "7"), ("SLURM_NTASKS", "2"), ("SLURM_CPUS_PER_TASK", "2"));
        Directory.Delete(folder, recursive: true);

        void Executable(string name, string script)
        {
            string path = Path.Combine(folder, name);
            File.WriteAllText(path, $"#!/bin/bash\n{script}\n");
            if (OperatingSystem.IsLinux()) File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        }
    }

    [Fact]
    public async Task The_Job_has_as_many_pods_as_ranks_and_the_name_of_the_first()
    {
        string job = await File.ReadAllTextAsync(Path.Combine(Samples, "kubernetes.yaml"), TestContext.Current.CancellationToken);
        string ranks = Find(job, @"WORLD_SIZE, value: ""(\d+)""");
        Assert.Equal(ranks, Find(job, @"completions: (\d+)"));
        Assert.Equal(ranks, Find(job, @"parallelism: (\d+)"));
        string name = Find(job, @"kind: Job\s+metadata:\s+name: (\w+)");
        string service = Find(job, @"kind: Service .*\s+metadata:\s+name: (\w+)");
        Assert.Equal($"{name}-0.{service}", Find(job, @"MASTER_ADDR, value: (\S+) "));
        Assert.Equal(service, Find(job, @"subdomain: (\w+)"));
        Assert.Equal(name, Find(job, @"selector:\s+job-name: (\w+)"));
        Assert.Contains("RANK=$JOB_COMPLETION_INDEX exec ", job, StringComparison.Ordinal);
        Assert.Contains("\n      securityContext: { fsGroup: 1654, runAsNonRoot: true }\n", job, StringComparison.Ordinal);

        static string Find(string text, string pattern)
        {
            Match found = Regex.Match(text, pattern);
            Assert.True(found.Success, pattern);
            return found.Groups[1].Value;
        }
    }

    private static Task RequireRanks(int count, string script, params string[] arguments) => RequireRanks(count, script, arguments, []);

    private static async Task RequireRanks(
        int count, string script, string[] arguments, params (string Name, string Value)[] environment)
    {
        IReadOnlyList<string> command = OwnProcess.Command<GlooGroupTests.Child>(nameof(GlooGroupTests.Child.Sums_gathers_and_agrees));
        var start = new ProcessStartInfo("bash", [Path.Combine(Samples, script), .. arguments, .. command]);
        start.Environment["GLOO_SOCKET_IFNAME"] = "lo";
        start.Environment["OMP_NUM_THREADS"] = "1";
        start.Environment["MLSIEVE_RANK_TIMEOUT"] = "120";
        start.Environment["MASTER_PORT"] = GlooStore.FreePort().ToString(CultureInfo.InvariantCulture);
        if (script == "mpirun.sh") start.Environment["MASTER_ADDR"] = "127.0.0.1";
        foreach (string root in new[] { "OMPI_ALLOW_RUN_AS_ROOT", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM" }) start.Environment[root] = "1";
        foreach ((string name, string value) in environment) start.Environment[name] = value;
        using ChildProcess launcher = ChildProcess.Start(start);
        (int code, string output, string errors) = await launcher.EndAsync(TestContext.Current.CancellationToken);
        Assert.True(
            code == 0 && Regex.Count(output, OwnProcess.Confirmation) == count, $"exit code {code}\n{output}\n{errors}");
    }

    private static bool OnPath(string program) => Environment.GetEnvironmentVariable("PATH")!.Split(':')
        .Any(folder => File.Exists(Path.Combine(folder, program)));
}
