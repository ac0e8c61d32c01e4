using System.Diagnostics;
using Microsoft.Data.Sqlite;
using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

/// <summary>In a file of SQLite, where processes are paused until the end and stopped too.</summary>
public sealed class SqliteSharedSearchTests : SharedSearchContract
{
    private readonly TemporaryFile _file;

    public SqliteSharedSearchTests()
        : this(new TemporaryFile())
    {
    }

    private SqliteSharedSearchTests(TemporaryFile file)
        : base(file.Path, path => TrialStore.Sqlite(path)) => _file = file;

    private protected override ReportLog Log() => ReportLog.OfSqlite(Place);

    [Fact]
    public async Task A_process_that_sleeps_until_the_search_is_over_wakes_up_to_the_result()
    {
        RequireSignals();
        ReportLog log = Log();
        using SweepProcess asleep = Start("asleep"), awake = Start("awake");
        await UntilAsync(() => Runs().Count(run => run.Reached > 0) > 2);
        StoredRun frozen = await asleep.FreezeAsync(Store, IsStoreFree);
        await AssertEndsAsync(awake, "awake");
        asleep.Send("CONT");
        await AssertEndsAsync(asleep, "asleep");
        AssertWhole(log, frozen);
    }

    [Fact]
    public async Task Ctrl_C_ends_a_process_soon_and_a_second_one_goes_on_where_it_was()
    {
        RequireSignals();
        ReportLog log = Log();
        using (SweepProcess stopped = Start("stopped"))
        {
            await UntilAsync(() => Runs().Count(run => run.Reached > 0) > 2);
            var clock = Stopwatch.StartNew();
            stopped.Send("INT");
            (int code, string written) = await stopped.EndAsync();
            Assert.True(code == 130, $"{code} {written}");
            Assert.Contains("The same command goes on", written, StringComparison.Ordinal);
            Assert.InRange(clock.Elapsed, TimeSpan.Zero, TimeSpan.FromMinutes(2)); // it takes a second; the machine may be busy
            TestContext.Current.TestOutputHelper!.WriteLine($"Ended {clock.Elapsed.TotalSeconds:F1} s after Ctrl+C.");
        }

        Assert.All(Runs(), run => Assert.True(run is { Failures: 0, State: not RunState.Running }, $"{run}"));
        using SweepProcess second = Start("second");
        await AssertEndsAsync(second, "second");
        AssertWhole(log);
    }

    /// <inheritdoc/>
    /// <remarks>A process that is frozen while it writes keeps SQLite's lock from the others.</remarks>
    protected override bool IsStoreFree()
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

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        _file.Dispose();
    }
}
