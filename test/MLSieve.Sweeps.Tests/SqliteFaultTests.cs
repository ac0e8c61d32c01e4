using System.Text;
using Microsoft.Data.Sqlite;
using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

/// <summary>What a SQLite store does where its file or disk fails it.</summary>
public sealed class SqliteFaultTests : IDisposable
{
    private const string Search = "birds";
    private static readonly SearchRun Run = new(1, 1, 7, "{}", Rungs: 3, Granted: 1, Priority: 0);
    private static readonly TimeSpan Lease = TimeSpan.FromMinutes(5);
    private readonly TemporaryFile _file = new();

    public void Dispose() => _file.Dispose();

    [Fact]
    public void A_folder_that_is_not_there_is_made()
    {
        string path = Path.Combine(_file.Path + ".folder", "below", "search.db");
        TrialStore.Sqlite(path).Add(Search, [Run]);
        Assert.True(File.Exists(path));
    }

    [Fact]
    public void A_folder_that_cannot_be_made_is_named()
    {
        File.WriteAllText(_file.Path, "");
        TrialStoreException fault = Fault(Path.Combine(_file.Path, "search.db"));
        Assert.Contains($"{_file.Path}/search.db", fault.Message.Replace('\\', '/'), StringComparison.Ordinal);
        Assert.Contains("Name a file that this process may write", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_in_the_place_of_the_file_is_named()
    {
        Directory.CreateDirectory(_file.Path);
        Assert.Contains("Name a file that this process may write", Fault(_file.Path).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_of_another_kind_is_named_and_left_as_it_is()
    {
        string text = string.Concat(Enumerable.Repeat("label,place\n", 1000));
        File.WriteAllText(_file.Path, text);
        TrialStoreException fault = Fault(_file.Path);
        Assert.Contains(_file.Path, fault.Message, StringComparison.Ordinal);
        Assert.Contains("no SQLite database", fault.Message, StringComparison.Ordinal);
        Assert.Equal(text, File.ReadAllText(_file.Path));
    }

    [Fact]
    public void A_database_of_something_else_is_named_and_left_as_it_is()
    {
        using (SqliteConnection other = _file.Connect()) other.Execute("create table customers (name text)");
        byte[] before = File.ReadAllBytes(_file.Path);
        Assert.Contains("it has a table 'customers'", Fault(_file.Path).Message, StringComparison.Ordinal);
        Assert.Equal(before, File.ReadAllBytes(_file.Path));
    }

    [Fact]
    public void A_broken_file_is_named()
    {
        TrialStore.Sqlite(_file.Path).Add(Search, [.. Enumerable.Range(0, 500).Select(number => Run with { Number = number })]);
        SqliteConnection.ClearAllPools();
        byte[] bytes = File.ReadAllBytes(_file.Path);
        bytes.AsSpan(4096).Fill(0x5A);
        File.WriteAllBytes(_file.Path, bytes);
        Assert.Contains("The file is broken", Fault(_file.Path).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_newer_store_is_named_with_both_versions()
    {
        TrialStore.Sqlite(_file.Path).Add(Search, [Run]);
        using (SqliteConnection other = _file.Connect()) other.Execute("update mlsieve_schema set version = 2");
        string message = Fault(_file.Path).Message;
        Assert.Contains("has tables of version 2; this release of MLSieve reads version 1", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_store_of_no_version_is_named()
    {
        TrialStore.Sqlite(_file.Path).Add(Search, [Run]);
        using (SqliteConnection other = _file.Connect()) other.Execute("delete from mlsieve_schema");
        Assert.Contains("of no version that is known", Fault(_file.Path).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_was_deleted_is_a_new_store()
    {
        TrialStore.Sqlite(_file.Path).Add(Search, [Run]);
        foreach (string part in Directory.GetFiles(Path.GetDirectoryName(_file.Path)!)) File.Delete(part);
        ITrialStore store = TrialStore.Sqlite(_file.Path);
        Assert.Empty(store.Read(Search));
        store.Add(Search, [Run]);
        Assert.Single(TrialStore.Sqlite(_file.Path).Read(Search));
    }

    [Fact]
    public void A_store_that_another_program_locks_is_asked_again_and_then_named()
    {
        ITrialStore store = Impatient(_file.Path);
        store.Add(Search, [Run]);
        RunClaim claim = store.Claim(Search, "worker", Lease, 3)!;
        using SqliteConnection other = _file.Connect();
        other.Execute("begin exclusive");
        TrialStoreException fault = Assert.Throws<TrialStoreException>(() => store.Report(claim, 1, 0.5, "{}"));
        Assert.Contains(_file.Path, fault.Message, StringComparison.Ordinal);
        Assert.Contains("Another program holds it locked", fault.Message, StringComparison.Ordinal);
        other.Execute("rollback");
        Assert.Equal(0, Assert.Single(store.Read(Search)).Reached);
        Assert.True(store.Report(claim, 1, 0.5, "{}"));
    }

    [Fact]
    public void A_store_that_is_locked_for_a_while_loses_nothing()
    {
        ITrialStore store = TrialStore.Sqlite(_file.Path);
        store.Add(Search, [Run]);
        RunClaim claim = store.Claim(Search, "worker", Lease, 3)!;
        using SqliteConnection other = _file.Connect();
        other.Execute("begin exclusive");
        var unlock = new Thread(() =>
        {
            Thread.Sleep(2500); // longer than the database itself waits
            other.Execute("rollback");
        });
        unlock.Start();
        Assert.True(store.Report(claim, 1, 0.5, "{}"));
        unlock.Join();
        Assert.Equal(1, Assert.Single(store.Read(Search)).Reached);
    }

    [Fact]
    public void A_full_disk_is_named_and_what_was_not_written_is_written_when_there_is_room()
    {
        using var disk = new SmallDisk(512);
        string path = Path.Combine(disk.Folder, "search.db"), filler = Path.Combine(disk.Folder, "filler");
        ITrialStore store = Impatient(path);
        store.Add(Search, [Run]);
        RunClaim claim = store.Claim(Search, "worker", Lease, 3)!;
        File.WriteAllBytes(filler, new byte[256 * 1024]);
        string outcome = new('7', 200 * 1024);
        TrialStoreException fault = Assert.Throws<TrialStoreException>(() => store.Report(claim, 1, 0.5, outcome));
        Assert.Contains("Make room on its disk", fault.Message, StringComparison.Ordinal);
        Assert.Equal((0, null), Assert.Single(store.Read(Search)) is var run ? (run.Reached, run.Outcome) : default);

        var mend = new Thread(() =>
        {
            Thread.Sleep(500);
            File.Delete(filler);
        });
        mend.Start();
        Assert.True(TrialStore.Sqlite(path).Report(claim, 1, 0.5, outcome));
        mend.Join();
        Assert.Equal(outcome, Assert.Single(store.Read(Search)).Outcome);
        SqliteConnection.ClearAllPools();
    }

    [Fact]
    public void A_disk_that_may_only_be_read_is_named()
    {
        using var disk = new SmallDisk(512);
        string path = Path.Combine(disk.Folder, "search.db");
        TrialStore.Sqlite(path).Add(Search, [Run]);
        SqliteConnection.ClearAllPools();
        disk.MakeReadOnly();
        TrialStoreException fault = Assert.Throws<TrialStoreException>(() => TrialStore.Sqlite(path).Claim(Search, "worker", Lease, 3));
        Assert.Contains("Name a file that this process may write", fault.Message, StringComparison.Ordinal);
        SqliteConnection.ClearAllPools();
    }

    [Fact]
    public async Task Processes_share_a_search_and_one_that_is_killed_loses_no_run()
    {
        ITrialStore store = TrialStore.Sqlite(_file.Path);
        store.Add(Search, [.. Enumerable.Range(0, Count).Select(number => Run with { Number = number })]);
        List<ChildProcess> workers = [];
        try
        {
            // the others would leave nothing to one that begins much later than they do
            StartWorker();
            string victim = FormattableString.Invariant($"process {workers[0].Id}");
            WaitUntil(run => run.Worker == victim);
            StartWorker();
            StartWorker();
            WaitUntil(run => run.Worker is { } worker && worker != victim);
            workers[0].Kill();
            foreach (ChildProcess worker in workers.Skip(1))
            {
                (int code, string output, _) = await worker.EndAsync(TestContext.Current.CancellationToken);
                Assert.True(OwnProcess.Passed(code, output));
            }

            Assert.All(store.Read(Search), run => Assert.Equal((RunState.Finished, ScoreOf(run.Run)), (run.State, run.Score)));
        }
        finally
        {
            foreach (ChildProcess worker in workers) worker.Dispose();
        }

        void StartWorker() => workers.Add(OwnProcess.Start<SqliteFaultTests>(nameof(Work), (StorePath, _file.Path)));

        // for what stays: a run that is being trained may not be when it is looked for
        void WaitUntil(Func<StoredRun, bool> holds)
        {
            while (!store.Read(Search).Any(holds))
            {
                Assert.False(workers[0].HasExited, "All runs were finished before a process could be killed.");
                Thread.Sleep(1);
            }
        }
    }

    private const string StorePath = "MLSIEVE_TEST_STORE";

    // of which one process trains some 40 a second
    private const int Count = 200;

    private static double ScoreOf(SearchRun run) => run.Number / (double)Count;

    [Fact(Explicit = true)]
    public void Work()
    {
        ITrialStore store = TrialStore.Sqlite(Environment.GetEnvironmentVariable(StorePath)!);
        while (store.Read(Search).Any(run => run.State != RunState.Finished))
        {
            string worker = FormattableString.Invariant($"process {Environment.ProcessId}");
            RunClaim? claim = store.Claim(Search, worker, TimeSpan.FromSeconds(2), 10);
            Thread.Sleep(20);
            if (claim is not null) store.Report(claim, 3, ScoreOf(claim.Run), "{}");
        }
    }

    private static SqlTrialStore Impatient(string path) => new(new SqliteDatabase(path), TimeSpan.FromMilliseconds(300));

    private static TrialStoreException Fault(string path)
    {
        ITrialStore store = TrialStore.Sqlite(path);
        TrialStoreException fault = Assert.Throws<TrialStoreException>(() => store.Open(Search, new Dictionary<string, string>()));
        Assert.DoesNotContain(", asked for ", fault.Message, StringComparison.Ordinal); // it does not pass, so nobody waits for that
        return fault;
    }
}
