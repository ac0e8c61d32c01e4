using System.Diagnostics;
using Microsoft.Data.Sqlite;
using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

/// <summary>
/// Processes of the sample share a search, and one of them is killed, paused or stopped in mid-run. Nothing is lost, nothing is written
/// twice, and the result is that of a process alone, to the last bit.
/// </summary>
[Collection(PostgreSqlGroup.Name)]
public sealed class SharedSearchTests(PostgreSqlServer server) : IDisposable
{
    private const int ManyTrials = 20, FewTrials = 6;
    private const string Lease = "2"; // seconds
    private static readonly Lazy<Task<string>> ManyAlone = new(() => AloneAsync(ManyTrials)), FewAlone = new(() => AloneAsync(FewTrials));
    private readonly TemporaryFile _file = new();
    private readonly string _folder = Directory.CreateTempSubdirectory("shared-search-").FullName;

    public void Dispose()
    {
        _file.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public Task Over_SQLite_a_process_that_is_killed_and_one_that_sleeps_through_its_lease_change_nothing() =>
        AssertNothingChanges(_file.Path, TrialStore.Sqlite(_file.Path), ReportLog.OfSqlite, IsStoreFree, ManyTrials, ManyAlone);

    [Fact]
    public Task Over_PostgreSQL_a_process_that_is_killed_and_one_that_sleeps_through_its_lease_change_nothing()
    {
        string schema = server.NewSchema();
        return AssertNothingChanges(schema, TrialStore.PostgreSql(schema), ReportLog.OfPostgreSql, () => true, FewTrials, FewAlone);
    }

    [Fact]
    public async Task A_process_that_sleeps_until_the_search_is_over_wakes_up_to_the_result()
    {
        SkipWithoutSignals();
        _ = FewAlone.Value; // begins
        ITrialStore store = TrialStore.Sqlite(_file.Path);
        store.Read(SweepProcess.Search); // makes the tables
        ReportLog log = ReportLog.OfSqlite(_file.Path);
        using SweepProcess asleep = Start(_file.Path, FewTrials, "asleep"), awake = Start(_file.Path, FewTrials, "awake");
        await UntilAsync(() => store.Read(SweepProcess.Search).Count(run => run.Reached > 0) > 2);
        StoredRun frozen = await asleep.FreezeAsync(store, IsStoreFree);
        await AssertEndsAsync(awake, FewAlone, "awake");
        asleep.Send("CONT");
        await AssertEndsAsync(asleep, FewAlone, "asleep");
        AssertWhole(store, log, frozen);
    }

    [Fact]
    public async Task Ctrl_C_ends_a_process_soon_and_a_second_one_goes_on_where_it_was()
    {
        SkipWithoutSignals();
        _ = FewAlone.Value; // begins
        ITrialStore store = TrialStore.Sqlite(_file.Path);
        store.Read(SweepProcess.Search); // makes the tables
        ReportLog log = ReportLog.OfSqlite(_file.Path);
        using (SweepProcess stopped = Start(_file.Path, FewTrials, "stopped"))
        {
            await UntilAsync(() => store.Read(SweepProcess.Search).Count(run => run.Reached > 0) > 2);
            var clock = Stopwatch.StartNew();
            stopped.Send("INT");
            (int code, string written) = await stopped.EndAsync();
            Assert.True(code == 130, $"{code} {written}");
            Assert.Contains("The same command goes on", written, StringComparison.Ordinal);
            Assert.InRange(clock.Elapsed, TimeSpan.Zero, TimeSpan.FromMinutes(2)); // it takes a second; the machine may be busy
            TestContext.Current.TestOutputHelper!.WriteLine($"Ended {clock.Elapsed.TotalSeconds:F1} s after Ctrl+C.");
        }

        Assert.All(store.Read(SweepProcess.Search), run => Assert.True(run is { Failures: 0, State: not RunState.Running }, $"{run}"));
        using SweepProcess second = Start(_file.Path, FewTrials, "second");
        await AssertEndsAsync(second, FewAlone, "second");
        AssertWhole(store, log);
    }

    private async Task AssertNothingChanges(
        string place, ITrialStore store, Func<string, ReportLog> logOf, Func<bool> isFree, int trials, Lazy<Task<string>> alone)
    {
        SkipWithoutSignals();
        _ = alone.Value; // begins
        store.Read(SweepProcess.Search); // makes the tables
        ReportLog log = logOf(place);
        var clock = Stopwatch.StartNew();
        using SweepProcess killed = Start(place, trials, "killed");
        using SweepProcess asleep = Start(place, trials, "asleep"), awake = Start(place, trials, "awake");
        await UntilAsync(() => store.Read(SweepProcess.Search).Count(run => run.Reached > 0) > trials / 2);
        StoredRun first = await killed.FreezeAsync(store, () => true);
        killed.Send("KILL");
        StoredRun second = await asleep.FreezeAsync(store, isFree);
        await UntilAsync(() => Now(store, first).Attempt > first.Attempt && Now(store, second).Attempt > second.Attempt);
        asleep.Send("CONT");

        await AssertEndsAsync(asleep, alone, "asleep");
        await AssertEndsAsync(awake, alone, "awake");
        AssertWhole(store, log, first, second);
        TestContext.Current.TestOutputHelper!.WriteLine(
            $"{Count(store)}, {log.Read().Count} reports; runs {first.Run.Number} and {second.Run.Number} taken over; {clock.Elapsed}.");
    }

    private static StoredRun Now(ITrialStore store, StoredRun run) => store.Read(SweepProcess.Search).Single(each => each.Run == run.Run);

    private static string Count(ITrialStore store)
    {
        IReadOnlyList<StoredRun> runs = store.Read(SweepProcess.Search);
        int attempts = runs.Sum(run => run.Attempt), lost = runs.Sum(run => run.Failures);
        return FormattableString.Invariant($"{runs.Count} runs, {attempts} attempts, {lost} leases run out");
    }

    /// <summary>Each run is over, was finished at most once, told each rung once, and by no attempt after a later one had begun.</summary>
    private static void AssertWhole(ITrialStore store, ReportLog log, params StoredRun[] takenOver)
    {
        IReadOnlyList<StoredRun> runs = store.Read(SweepProcess.Search);
        IReadOnlyList<ReportLog.Entry> reports = log.Read();
        Assert.All(runs, run => Assert.True(run.State is RunState.Finished or RunState.Stopped, $"{run}"));
        Assert.All(takenOver, before => Assert.True(Now(store, before) is { Failures: > 0 } now && now.Attempt > before.Attempt));
        Assert.Equal(reports.Count, reports.DistinctBy(report => (report.Run, report.Rung)).Count());
        foreach (IGrouping<int, ReportLog.Entry> run in reports.GroupBy(report => report.Run))
            Assert.Equal(run.OrderBy(report => report.Attempt).ThenBy(report => report.Rung), run);
        Assert.All(
            runs.Where(run => run.State == RunState.Finished),
            run => Assert.Single(reports, report => report.Run == run.Run.Number && report.IsFinished));
    }

    /// <summary>The result of a process that nobody helps or disturbs.</summary>
    private static async Task<string> AloneAsync(int trials)
    {
        string folder = Directory.CreateTempSubdirectory("alone-").FullName;
        try
        {
            string json = Path.Combine(folder, "alone.json");
            string store = Path.Combine(folder, "search.db");
            string report = Path.Combine(folder, "report.html");
            string[] arguments = [.. Arguments(store, folder, trials, json), "--report", report, "--workers", "2"];
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

    private SweepProcess Start(string store, int trials, string name) =>
        SweepProcess.Start([.. Arguments(store, _folder, trials, Path.Combine(_folder, $"{name}.json")), "--workers", "1"]);

    private static string[] Arguments(string store, string folder, int trials, string json) =>
    [
        "--store", store, "--trials", FormattableString.Invariant($"{trials}"), "--steps", "27", "--lease", Lease,
        "--checkpoints", Path.Combine(folder, "checkpoints"), "--json", json,
    ];

    private async Task AssertEndsAsync(SweepProcess process, Lazy<Task<string>> alone, string name)
    {
        (int code, string written) = await process.EndAsync();
        Assert.True(code == 0, $"{name}: {code} {written}");
        string json = Path.Combine(_folder, $"{name}.json");
        Assert.Equal(await alone.Value, await File.ReadAllTextAsync(json, TestContext.Current.CancellationToken));
    }

    /// <summary>Whether nobody is just writing: a process that is frozen there keeps SQLite's lock from the others.</summary>
    private bool IsStoreFree()
    {
        using SqliteConnection connection = _file.Connect();
        connection.DefaultTimeout = 1;
        try
        {
            connection.Execute("begin immediate; rollback");
            return true;
        }
        catch (SqliteException)
        {
            return false;
        }
    }

    private static async Task UntilAsync(Func<bool> condition)
    {
        var clock = Stopwatch.StartNew();
        while (!condition())
        {
            Assert.True(clock.Elapsed < TimeSpan.FromMinutes(3), "It did not come about within three minutes.");
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
    }

    private static void SkipWithoutSignals() =>
        Assert.SkipUnless(OperatingSystem.IsLinux() || OperatingSystem.IsMacOS(), "There are no signals here.");
}
