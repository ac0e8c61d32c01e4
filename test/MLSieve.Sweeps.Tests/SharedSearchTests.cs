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
    public Task Over_SQLite_a_process_that_is_killed_in_mid_run_changes_nothing() =>
        AssertKilledChangesNothing(_file.Path, TrialStore.Sqlite(_file.Path), ReportLog.OfSqlite, ManyTrials, ManyAlone);

    [Fact]
    public Task Over_PostgreSQL_a_process_that_is_killed_in_mid_run_changes_nothing()
    {
        string schema = server.NewSchema();
        return AssertKilledChangesNothing(schema, TrialStore.PostgreSql(schema), ReportLog.OfPostgreSql, FewTrials, FewAlone);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_process_that_is_paused_for_longer_than_its_lease_finds_its_run_taken_and_changes_nothing(bool untilTheEnd)
    {
        SkipWithoutSignals();
        ITrialStore store = TrialStore.Sqlite(_file.Path);
        store.Read(SweepProcess.Search);
        ReportLog log = ReportLog.OfSqlite(_file.Path);
        using SweepProcess paused = Start(_file.Path, FewTrials, "paused"), other = Start(_file.Path, FewTrials, "other");
        await UntilAsync(() => store.Read(SweepProcess.Search).Count(run => run.Reached > 0) > 2);
        StoredRun frozen = await paused.FreezeAsync(store, IsStoreFree);
        if (untilTheEnd) await AssertEndsAsync(other, FewAlone, "other");
        await UntilAsync(() => store.Read(SweepProcess.Search).Single(run => run.Run == frozen.Run).Attempt > frozen.Attempt);
        paused.Send("CONT");

        await AssertEndsAsync(paused, FewAlone, "paused");
        if (!untilTheEnd) await AssertEndsAsync(other, FewAlone, "other");
        AssertWhole(store, log, takenOver: frozen);
    }

    [Fact]
    public async Task Ctrl_C_ends_a_process_soon_and_a_second_one_goes_on_where_it_was()
    {
        SkipWithoutSignals();
        ITrialStore store = TrialStore.Sqlite(_file.Path);
        store.Read(SweepProcess.Search);
        ReportLog log = ReportLog.OfSqlite(_file.Path);
        using (SweepProcess stopped = Start(_file.Path, FewTrials, "stopped"))
        {
            await UntilAsync(() => store.Read(SweepProcess.Search).Count(run => run.Reached > 0) > 2);
            var clock = Stopwatch.StartNew();
            stopped.Send("INT");
            (int code, string written) = await stopped.EndAsync();
            Assert.True(code == 130, $"{code} {written}");
            Assert.Contains("The same command goes on", written, StringComparison.Ordinal);
            Assert.InRange(clock.Elapsed.TotalSeconds, 0, 15);
            TestContext.Current.TestOutputHelper!.WriteLine($"Ended {clock.Elapsed.TotalSeconds:F1} s after Ctrl+C.");
        }

        Assert.All(store.Read(SweepProcess.Search), run => Assert.True(run is { Failures: 0, State: not RunState.Running }, $"{run}"));
        using SweepProcess second = Start(_file.Path, FewTrials, "second");
        await AssertEndsAsync(second, FewAlone, "second");
        AssertWhole(store, log, takenOver: null);
    }

    private async Task AssertKilledChangesNothing(
        string place, ITrialStore store, Func<string, ReportLog> logOf, int trials, Lazy<Task<string>> alone)
    {
        SkipWithoutSignals();
        store.Read(SweepProcess.Search); // makes the tables
        ReportLog log = logOf(place);
        var clock = Stopwatch.StartNew();
        using SweepProcess killed = Start(place, trials, "killed");
        using SweepProcess second = Start(place, trials, "second"), third = Start(place, trials, "third");
        await UntilAsync(() => store.Read(SweepProcess.Search).Count(run => run.Reached > 0) > trials / 2);
        StoredRun frozen = await killed.FreezeAsync(store, () => true);
        killed.Send("KILL");

        await AssertEndsAsync(second, alone, "second");
        await AssertEndsAsync(third, alone, "third");
        AssertWhole(store, log, takenOver: frozen);
        TestContext.Current.TestOutputHelper!.WriteLine(FormattableString.Invariant(
            $"{Count(store)}, {log.Read().Count} reports; run {frozen.Run.Number} was taken over; {clock.Elapsed.TotalSeconds:F0} s."));
    }

    private static string Count(ITrialStore store)
    {
        IReadOnlyList<StoredRun> runs = store.Read(SweepProcess.Search);
        int attempts = runs.Sum(run => run.Attempt), deaths = runs.Sum(run => run.Failures);
        return FormattableString.Invariant($"{runs.Count} runs, {attempts} attempts, {deaths} deaths");
    }

    /// <summary>Each run is over, was finished at most once, told each rung once, and by no attempt after a later one had begun.</summary>
    private static void AssertWhole(ITrialStore store, ReportLog log, StoredRun? takenOver)
    {
        IReadOnlyList<StoredRun> runs = store.Read(SweepProcess.Search);
        IReadOnlyList<ReportLog.Entry> reports = log.Read();
        Assert.All(runs, run => Assert.True(run.State is RunState.Finished or RunState.Stopped, $"{run}"));
        if (takenOver is not null)
        {
            StoredRun run = runs.Single(run => run.Run == takenOver.Run);
            Assert.True(run.Failures > 0 && run.Attempt > takenOver.Attempt, $"{run}");
        }

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
            using SweepProcess alone = SweepProcess.Start([.. Arguments(store, folder, trials, json), "--report", report, "--workers", "2"]);
            (int code, string written) = await alone.EndAsync();
            Assert.True(code == 0, written);
            Assert.Contains(
                "<h1>Shapes on betraying backgrounds</h1>",
                await File.ReadAllTextAsync(report, TestContext.Current.CancellationToken), StringComparison.Ordinal);
            return await File.ReadAllTextAsync(json, TestContext.Current.CancellationToken);
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
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }

    private static void SkipWithoutSignals() =>
        Assert.SkipUnless(OperatingSystem.IsLinux() || OperatingSystem.IsMacOS(), "There are no signals here.");
}
