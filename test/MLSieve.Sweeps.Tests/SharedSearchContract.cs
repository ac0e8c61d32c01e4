using System.Diagnostics;
using Microsoft.Data.Sqlite;
using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

/// <summary>
/// Processes of the sample share a search in a store, and one of them is killed, paused or stopped in mid-run. Nothing is lost, nothing is
/// written twice, and the result is that of a process alone, to the last bit.
/// </summary>
public abstract class SharedSearchContract : IDisposable
{
    private const int Trials = 6;
    private const string Lease = "2"; // seconds
    private static readonly Lazy<Task<string>> _alone = new(AloneAsync);
    private readonly string _folder = Directory.CreateTempSubdirectory("shared-search-").FullName;

    /// <param name="place">The store, as the sample's command line names it. Where it skips the test, nothing has begun.</param>
    /// <param name="connect">Opens it.</param>
    protected SharedSearchContract(string place, Func<string, ITrialStore> connect)
    {
        ArgumentNullException.ThrowIfNull(connect);
        (Place, Store) = (place, connect(place));
        Store.Read(SweepProcess.Search); // makes the tables
        _ = _alone.Value; // begins
    }

    /// <summary>The store, as the sample's command line names it.</summary>
    protected string Place { get; }

    /// <summary>The store, with tables.</summary>
    protected ITrialStore Store { get; }

    /// <summary>Skips a test where it could not disturb a process.</summary>
    protected static void RequireSignals() =>
        Assert.SkipUnless(OperatingSystem.IsLinux() || OperatingSystem.IsMacOS(), "There are no signals here.");

    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing) => Directory.Delete(_folder, recursive: true);

    /// <summary>What is reported to the store from now on.</summary>
    private protected abstract ReportLog Log();

    /// <summary>Whether a process that is frozen now keeps nothing from the others.</summary>
    protected virtual bool IsStoreFree() => true;

    [Fact]
    public async Task A_process_that_is_killed_and_one_that_sleeps_through_its_lease_change_nothing()
    {
        RequireSignals();
        ReportLog log = Log();
        var clock = Stopwatch.StartNew();
        using SweepProcess killed = Start("killed"), asleep = Start("asleep"), awake = Start("awake");
        await UntilAsync(() => Runs().Count(run => run.Reached > 0) > Trials / 2);
        StoredRun first = await killed.FreezeAsync(Store, () => true);
        killed.Send("KILL");
        StoredRun second = await asleep.FreezeAsync(Store, IsStoreFree);
        await UntilAsync(() => Now(first).Attempt > first.Attempt && Now(second).Attempt > second.Attempt);
        asleep.Send("CONT");

        await AssertEndsAsync(asleep, "asleep");
        await AssertEndsAsync(awake, "awake");
        AssertWhole(log, first, second);
        IReadOnlyList<StoredRun> runs = Runs();
        TestContext.Current.TestOutputHelper!.WriteLine(
            $"{runs.Count} runs, {runs.Sum(run => run.Attempt)} attempts, {runs.Sum(run => run.Failures)} leases run out, "
                + $"{log.Read().Count} reports; runs {first.Run.Number} and {second.Run.Number} taken over; {clock.Elapsed}.");
    }

    protected IReadOnlyList<StoredRun> Runs() => Store.Read(SweepProcess.Search);

    private StoredRun Now(StoredRun run) => Runs().Single(each => each.Run == run.Run);

    /// <summary>Each run is over, was finished at most once, told each rung once, and by no attempt after a later one had begun.</summary>
    private protected void AssertWhole(ReportLog log, params StoredRun[] takenOver)
    {
        IReadOnlyList<StoredRun> runs = Runs();
        IReadOnlyList<ReportLog.Entry> reports = log.Read();
        Assert.All(runs, run => Assert.True(run.State is RunState.Finished or RunState.Stopped, $"{run}"));
        Assert.All(takenOver, before => Assert.True(Now(before) is { Failures: > 0 } now && now.Attempt > before.Attempt));
        Assert.Equal(reports.Count, reports.DistinctBy(report => (report.Run, report.Rung)).Count());
        foreach (IGrouping<int, ReportLog.Entry> run in reports.GroupBy(report => report.Run))
            Assert.Equal(run.OrderBy(report => report.Attempt).ThenBy(report => report.Rung), run);
        Assert.All(
            runs.Where(run => run.State == RunState.Finished),
            run => Assert.Single(reports, report => report.Run == run.Run.Number && report.IsFinished));
    }

    /// <summary>The result of a process that nobody helps or disturbs.</summary>
    private static async Task<string> AloneAsync()
    {
        string folder = Directory.CreateTempSubdirectory("alone-").FullName;
        try
        {
            string json = Path.Combine(folder, "alone.json");
            string store = Path.Combine(folder, "search.db");
            string report = Path.Combine(folder, "report.html");
            string[] arguments = [.. Arguments(store, folder, json), "--report", report, "--workers", "2"];
            using SweepProcess alone = SweepProcess.Start(arguments);
            (int code, string written) = await alone.EndAsync();
            Assert.True(code == 0, written);
            // Read without the context of the test that began this, which may have ended.
            Assert.Contains("<h1>Shapes on betraying backgrounds</h1>", File.ReadAllText(report), StringComparison.Ordinal);
            return File.ReadAllText(json);
        }
        finally
        {
            SqliteConnection.ClearAllPools();
            Directory.Delete(folder, recursive: true);
        }
    }

    private protected SweepProcess Start(string name) =>
        SweepProcess.Start([.. Arguments(Place, _folder, Path.Combine(_folder, $"{name}.json")), "--workers", "1"]);

    private static string[] Arguments(string store, string folder, string json) =>
    [
        "--store", store, "--trials", FormattableString.Invariant($"{Trials}"), "--steps", "27", "--lease", Lease,
        "--checkpoints", Path.Combine(folder, "checkpoints"), "--json", json,
    ];

    private protected async Task AssertEndsAsync(SweepProcess process, string name)
    {
        (int code, string written) = await process.EndAsync();
        Assert.True(code == 0, $"{name}: {code} {written}");
        string json = Path.Combine(_folder, $"{name}.json");
        Assert.Equal(await _alone.Value, await File.ReadAllTextAsync(json, TestContext.Current.CancellationToken));
    }

    protected static async Task UntilAsync(Func<bool> condition)
    {
        var clock = Stopwatch.StartNew();
        while (!condition())
        {
            Assert.True(clock.Elapsed < TimeSpan.FromMinutes(3), "It did not come about within three minutes.");
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
    }
}
