using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Microsoft.ML.EarlyReadout;
using static TorchSharp.torch;

namespace MLSieve.Tests;

/// <summary>Ranks as processes on loopback.</summary>
public sealed class GlooGroupTests
{
    public GlooGroupTests() => Assert.SkipUnless(OperatingSystem.IsLinux(), "Ranks need Linux.");

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Ranks_sum_gather_and_agree(int count)
    {
        using var ranks = RankProcesses.Start<Child>(nameof(Child.Sums_gathers_and_agrees), count);
        await ranks.RequirePassed();
    }

    [Fact]
    public async Task A_rank_that_does_not_come_is_named_after_the_timeout()
    {
        using var ranks = new RankProcesses();
        int port = GlooStore.FreePort();
        await AddWaiting( // which waits no longer once rank 0 has given up
            ranks, nameof(Child.Fails_to_meet), 2, port, (Child.Expected, "2 of 3 ranks had come"));
        string missing = $"Of 3 ranks (WORLD_SIZE) 2 came to 127.0.0.1:{port} within 5 s; missing: 1.";
        ranks.Add<Child>(nameof(Child.Fails_to_meet), 0, 3, port, ("MLSIEVE_RANK_TIMEOUT", "5"), (Child.Expected, missing));
        await ranks.RequirePassed();
    }

    [Fact]
    public async Task A_master_that_does_not_come_is_named_after_the_timeout()
    {
        using var ranks = new RankProcesses();
        int port = GlooStore.FreePort();
        ranks.Add<Child>(
            nameof(Child.Fails_to_meet), 1, 2, port, ("MLSIEVE_RANK_TIMEOUT", "2"),
            (Child.Expected, $"Rank 0 did not answer at 127.0.0.1:{port} (MASTER_ADDR, MASTER_PORT) within 2 s: "));
        await ranks.RequirePassed();
    }

    [Fact]
    public async Task A_port_that_is_taken_is_named()
    {
        using var taken = new TcpListener(IPAddress.IPv6Any, 0);
        taken.Server.DualMode = true;
        taken.Start();
        int port = ((IPEndPoint)taken.LocalEndpoint).Port;
        using var ranks = new RankProcesses();
        ranks.Add<Child>(nameof(Child.Fails_to_meet), 0, 2, port, (Child.Expected, $"Rank 0 cannot listen at port {port} (MASTER_PORT)"));
        await ranks.RequirePassed();
    }

    [Fact]
    public async Task A_network_interface_that_is_not_there_is_named()
    {
        using var ranks = RankProcesses.Start<Child>(
            nameof(Child.Fails_to_meet), 2, ("GLOO_SOCKET_IFNAME", "nowhere0"), (Child.Expected, "Gloo finds no network interface."));
        await ranks.RequirePassed();
    }

    [Theory]
    [InlineData(0)] // which waits for the other
    [InlineData(1)] // which waits for rank 0 itself
    public async Task A_cancellation_ends_the_wait_for_a_rank_that_does_not_come(int rank)
    {
        using var ranks = new RankProcesses();
        ranks.Add<Child>(
            nameof(Child.Is_cancelled_while_it_waits), rank, 2, GlooStore.FreePort(), ("MLSIEVE_RANK_TIMEOUT", "600"));
        await ranks.RequirePassed();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task A_cancellation_of_a_rank_that_waits_ends_the_wait_of_the_others(int rank)
    {
        string folder = Directory.CreateTempSubdirectory("ranks-").FullName;
        string met = Path.Combine(folder, "met");
        using var ranks = new RankProcesses();
        int port = GlooStore.FreePort();
        ranks.Add<Child>(Test(0), 0, 3, port, (Child.Met, met), ("MLSIEVE_RANK_TIMEOUT", "600"), Expected());
        while (!await Listens(port)) await Task.Delay(100, TestContext.Current.CancellationToken);
        ranks.Add<Child>(Test(1), 1, 3, port, (Child.Met, met), ("MLSIEVE_RANK_TIMEOUT", "600"), Expected());
        await ranks.RequirePassed();
        Directory.Delete(folder, recursive: true);

        string Test(int which) => which == rank ? nameof(Child.Is_cancelled_when_the_other_waits) : nameof(Child.Waits_for_a_third);
        (string, string?) Expected() => (Child.Expected, "has gone when 2 of 3 ranks had come");
    }

    // Starts one of three ranks, and returns once it waits for the first: that one then needs to wait only a little for it.
    private static async Task AddWaiting(RankProcesses ranks, string test, int rank, int port, params (string, string?)[] environment)
    {
        string waits = Path.GetTempFileName();
        File.Delete(waits);
        ranks.Add<Child>(test, rank, 3, port, [("MLSIEVE_RANK_TIMEOUT", "60"), (Child.Waits, waits), .. environment]);
        while (!File.Exists(waits)) await Task.Delay(20, TestContext.Current.CancellationToken);
        File.Delete(waits);
    }

    private static async Task<bool> Listens(int port)
    {
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(IPAddress.Loopback, port, TestContext.Current.CancellationToken);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    [Fact]
    public async Task A_fit_after_a_meeting_that_failed_says_that_it_had()
    {
        using var ranks = new RankProcesses();
        ranks.Add<Child>(
            nameof(Child.Asks_twice), 0, 2, GlooStore.FreePort(), ("MLSIEVE_RANK_TIMEOUT", "1"), (Child.Expected, "missing: 1."));
        await ranks.RequirePassed();
    }

    [Fact]
    public async Task Sums_leave_no_tensor_behind()
    {
        using var ranks = RankProcesses.Start<Child>(nameof(Child.Leaves_no_tensor_behind), 2);
        await ranks.RequirePassed();
    }

    [Fact]
    public async Task Two_processes_of_one_rank_are_named()
    {
        using var ranks = new RankProcesses();
        int port = GlooStore.FreePort();
        Task[] waiting = [.. Enumerable.Range(0, 2).Select(
            _ => AddWaiting(ranks, nameof(Child.Meets_or_is_told_of_its_double), 1, port))];
        await Task.WhenAll(waiting);
        ranks.Add<Child>(nameof(Child.Fails_to_meet), 0, 3, port, ("MLSIEVE_RANK_TIMEOUT", "5"), (Child.Expected, "missing: 2"));
        await ranks.RequirePassed();
        string[] outputs = [await ranks.OutputOf(0), await ranks.OutputOf(1)];
        Assert.Contains(outputs, output => output.Contains("say that they are rank 1 of 3", StringComparison.Ordinal)); // at once: both
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public async Task A_rank_that_is_killed_is_an_error_with_a_name_in_the_others_long_before_the_timeout(int count)
    {
        string folder = Directory.CreateTempSubdirectory("ranks-").FullName;
        string met = Path.Combine(folder, "met");
        using var ranks = RankProcesses.Start<Child>(
            nameof(Child.Sums_until_a_rank_is_gone), count, (Child.Met, met), ("MLSIEVE_RANK_TIMEOUT", "1200"));
        while (!File.Exists(met) && !ranks[0].HasExited) await Task.Delay(20, TestContext.Current.CancellationToken);
        await Task.Delay(200, TestContext.Current.CancellationToken); // in the middle of a sum
        var clock = Stopwatch.StartNew();
        ranks[count - 1].Kill();
        await ranks.RequirePassed([.. Enumerable.Range(0, count - 1)]);
        Assert.True(clock.Elapsed < TimeSpan.FromMinutes(4), $"It took {clock.Elapsed}."); // a second where the machine is not busy
        Directory.Delete(folder, recursive: true);
    }

    /// <summary>What the ranks run.</summary>
    public sealed class Child
    {
        internal const string Met = "MLSIEVE_TEST_MET";
        internal const string Waits = "MLSIEVE_TEST_WAITS";
        internal const string Expected = "MLSIEVE_TEST_EXPECTED";

        // A rank also looks whether it is cancelled while it connects, which on one machine does not take so long: two seconds.
        private const int LooksOnceMet = 40;

        [Fact(Explicit = true)]
        public void Sums_gathers_and_agrees()
        {
            GlooGroup ranks = Meet();
            foreach (ScalarType type in new[] { ScalarType.Float32, ScalarType.Float64, ScalarType.Int64 })
            {
                using Tensor numbers = arange(1000, type);
                ranks.Sum(numbers);
                using Tensor expected = arange(1000, type).mul(tensor(ranks.Count, type));
                Assert.Equal(expected.bytes.ToArray(), numbers.bytes.ToArray());
            }

            Assert.Equal(
                [.. Enumerable.Range(0, ranks.Count).Select(rank => new string('ä', rank) + rank)],
                ranks.Gather(new string('ä', ranks.Rank) + ranks.Rank));
            Assert.Equal([true, false, true], ranks.Any(ranks.Rank == 0, false, ranks.Rank == 1));

            var same = new Dictionary<string, string> { ["Epochs"] = "3" };
            ranks.RequireSame(same);
            var other = new Dictionary<string, string> { ["Epochs"] = ranks.Rank == 1 ? "4" : "3" };
            var fault = Assert.Throws<DistributedTrainingException>(() => ranks.RequireSame(other));
            Assert.Equal(
                $"The {ranks.Count} ranks would not train the same: Epochs is 3 in rank 0 and 4 in rank 1. Start all of them with the same "
                    + "program, options and data.",
                fault.Message);
        }

        [Fact(Explicit = true)]
        public void Fails_to_meet()
        {
            var fault = Assert.Throws<DistributedTrainingException>(Meet);
            Assert.Contains(Environment.GetEnvironmentVariable(Expected)!, fault.Message, StringComparison.Ordinal);
        }

        [Fact(Explicit = true)]
        public void Meets_or_is_told_of_its_double()
        {
            var fault = Assert.Throws<DistributedTrainingException>(Meet);
            Console.WriteLine(fault.Message);
        }

        [Fact(Explicit = true)]
        public void Sums_until_a_rank_is_gone()
        {
            GlooGroup ranks = Meet();
            using Tensor numbers = zeros(100_000);
            ranks.Sum(numbers);
            if (ranks.IsFirst) File.WriteAllText(Environment.GetEnvironmentVariable(Met)!, "");
            var fault = Assert.Throws<DistributedTrainingException>(() => SumForEver(ranks, numbers));
            Assert.StartsWith($"Rank {ranks.Rank} of {ranks.Count} has lost another one", fault.Message, StringComparison.Ordinal);
            Assert.Equal(fault.Message, Assert.Throws<DistributedTrainingException>(() => ranks.Sum(numbers)).Message); // it stays so
        }

        private static void SumForEver(GlooGroup ranks, Tensor numbers)
        {
            while (true) ranks.Sum(numbers);
        }

        [Fact(Explicit = true)]
        public void Is_cancelled_while_it_waits()
        {
            using var stop = new CancellationTokenSource(TimeSpan.FromSeconds(1));
            Assert.ThrowsAny<OperationCanceledException>(() => Meet(stop.Token));
        }

        [Fact(Explicit = true)]
        public void Is_cancelled_when_the_other_waits()
        {
            // rank 1, which rank 0 has awaited, knows by its own looks that both have come
            string met = Environment.GetEnvironmentVariable(Met)!;
            bool isLast = Environment.GetEnvironmentVariable("RANK") == "1";
            int looks = 0;
            Assert.ThrowsAny<OperationCanceledException>(
                () => Meet(new Cancellation(default, () => isLast ? ++looks >= LooksOnceMet : File.Exists(met))));
        }

        [Fact(Explicit = true)]
        public void Waits_for_a_third()
        {
            string met = Environment.GetEnvironmentVariable(Met)!;
            int looks = 0;
            var fault = Assert.Throws<DistributedTrainingException>(() => Meet(new Cancellation(default, Say)));
            Assert.Contains(Environment.GetEnvironmentVariable(Expected)!, fault.Message, StringComparison.Ordinal);

            bool Say()
            {
                if (++looks == LooksOnceMet) File.WriteAllText(met, "");
                return false;
            }
        }

        [Fact(Explicit = true)]
        public void Asks_twice()
        {
            string first = Assert.Throws<DistributedTrainingException>(Take).Message;
            Assert.Contains(Environment.GetEnvironmentVariable(Expected)!, first, StringComparison.Ordinal);
            string second = Assert.Throws<DistributedTrainingException>(Take).Message;
            Assert.Equal(
                $"The ranks did not meet when a fit of this process asked for it before: {first} Start all ranks again, or set "
                    + "Distribution to Off.",
                second);
            using ProcessRanks alone = ProcessRanks.Take(Distribution.Off, CancellationToken.None);
            Assert.True(alone.Group.IsSingle);

            static void Take() => ProcessRanks.Take(Distribution.Automatic, CancellationToken.None).Dispose();
        }

        [Fact(Explicit = true)]
        public void Leaves_no_tensor_behind()
        {
            GlooGroup ranks = Meet();
            using Tensor numbers = zeros(10);
            using NativeLeakCheck check = NativeLeakCheck.Start();
            ranks.Sum(numbers);
            ranks.Any(true, false);
            ranks.Gather("text");
        }

        private static GlooGroup Meet()
        {
            string? waits = Environment.GetEnvironmentVariable(Waits);
            return Meet(new Cancellation(default, Say));

            bool Say()
            {
                if (waits is not null) File.WriteAllText(waits, "");
                waits = null;
                return false;
            }
        }

        private static GlooGroup Meet(Cancellation stop) => new(RankEnvironment.Read(Environment.GetEnvironmentVariable)!, stop);
    }
}
