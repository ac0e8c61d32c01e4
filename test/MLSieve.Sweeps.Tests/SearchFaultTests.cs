using Microsoft.Data.Sqlite;
using Microsoft.ML;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.FeatureSieve;

namespace MLSieve.Tests;

/// <summary>
/// What a whole search does where its store fails it: it waits, or says what is wrong, and the same call later ends with the same result.
/// </summary>
[Collection(PostgreSqlGroup.Name)]
public sealed class SearchFaultTests(PostgreSqlServer server) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(500);
    private static readonly Lazy<string> Undisturbed = new(() => Search(store: null));
    private readonly TemporaryFile _file = new();

    public void Dispose() => _file.Dispose();

    [Fact]
    public void A_store_that_is_locked_for_a_while_delays_the_search_and_no_more()
    {
        using SqliteConnection other = _file.Connect();
        Thread? unlock = null;
        Assert.Equal(Undisturbed.Value, Search(TrialStore.Sqlite(_file.Path), AtReport(3, () =>
        {
            other.Execute("begin exclusive");
            unlock = Later(2500, () => other.Execute("rollback")); // longer than the database itself waits
        })));
        unlock!.Join();
    }

    [Fact]
    public void A_store_that_stays_locked_ends_the_search_by_name_and_the_same_call_goes_on()
    {
        using SqliteConnection other = _file.Connect();
        AssertEndsAndGoesOn(
            new SqlTrialStore(new SqliteDatabase(_file.Path), Patience),
            () => other.Execute("begin exclusive"),
            "Another program holds it locked",
            () => other.Execute("rollback"));
    }

    [Fact]
    public void A_full_disk_ends_the_search_by_name_and_the_same_call_goes_on()
    {
        using var disk = new SmallDisk(512);
        string filler = Path.Combine(disk.Folder, "filler");
        AssertEndsAndGoesOn(
            new SqlTrialStore(new SqliteDatabase(Path.Combine(disk.Folder, "search.db")), Patience),
            () => Fill(filler),
            "Make room on its disk",
            () => File.Delete(filler));
        SqliteConnection.ClearAllPools();
    }

    [Fact]
    public void A_full_disk_under_the_checkpoints_ends_the_search_by_name_and_the_same_call_goes_on()
    {
        using var disk = new SmallDisk(512);
        string filler = Path.Combine(disk.Folder, "filler");
        ITrialStore store = TrialStore.Sqlite(_file.Path);
        IOException fault = Assert.Throws<IOException>(() => Search(store, options =>
        {
            options.CheckpointDirectory = disk.Folder;
            AtReport(3, () => Fill(filler))(options);
        }));
        Assert.Contains(disk.Folder, fault.Message, StringComparison.Ordinal);
        Assert.All(store.Read("search"), run => Assert.True(run is { Failures: 0, State: not RunState.Running }, $"{run}")); // handed back
        File.Delete(filler);
        Assert.Equal(Undisturbed.Value, Search(store, options => options.CheckpointDirectory = disk.Folder));
    }

    [Fact]
    public void A_server_that_crashes_and_starts_again_delays_the_search_and_no_more()
    {
        string schema = server.NewSchema();
        Thread? start = null;
        Assert.Equal(Undisturbed.Value, Search(TrialStore.PostgreSql(schema), AtReport(3, () =>
        {
            server.Crash();
            start = Later(500, server.Start);
        })));
        start!.Join();
    }

    [Fact]
    public void A_server_that_does_not_come_back_ends_the_search_by_name_and_the_same_call_goes_on()
    {
        string schema = server.NewSchema();
        var store = new SqlTrialStore(new PostgreSqlDatabase(schema), Patience);
        AssertEndsAndGoesOn(store, server.Crash, "Check that the server runs", server.Start);
    }

    [Fact]
    public void A_newer_store_begins_no_search()
    {
        TrialStore.Sqlite(_file.Path).Read("search");
        using (SqliteConnection other = _file.Connect()) other.Execute("update mlsieve_schema set version = 2");
        TrialStoreException fault = Assert.Throws<TrialStoreException>(() => Search(TrialStore.Sqlite(_file.Path)));
        Assert.Contains("has tables of version 2", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Other_options_and_other_rows_are_listed_and_the_search_that_is_there_is_left_alone()
    {
        ITrialStore store = TrialStore.Sqlite(_file.Path);
        Search(store);
        IReadOnlyList<StoredRun> before = store.Read("search");
        ITrialStore again = TrialStore.Sqlite(_file.Path);
        var fault = Assert.Throws<SearchMismatchException>(() => Search(again, options => options.Trials = 5, rows: 170));
        Assert.Contains("the number of trials was 5 and is 6", fault.Differences);
        Assert.Contains("the training data's rows was 160 and is 170", fault.Differences);
        Assert.All(fault.Differences, difference => Assert.Contains(difference, fault.Message, StringComparison.Ordinal));
        Assert.Equal(before, store.Read("search"));
        Assert.Equal(Undisturbed.Value, Search(store));
    }

    [Fact]
    public void Two_searches_in_one_store_at_once_end_as_each_alone()
    {
        static void Other(SieveSearchOptions options) => (options.Name, options.Seed) = ("other", 5);
        string other = Search(store: null, Other);
        string[] together = new string[2];
        TrialStoreContract.AtOnce(2, i => together[i] = Search(TrialStore.Sqlite(_file.Path), i == 0 ? null : Other));
        Assert.Equal([Undisturbed.Value, other], together);
        Assert.NotEqual(Undisturbed.Value, other);
    }

    [Fact]
    public void Two_searches_with_stores_of_their_own_keep_apart_in_one_checkpoint_folder()
    {
        using var otherFile = new TemporaryFile();
        string folder = Directory.CreateTempSubdirectory("two-searches-").FullName;
        try
        {
            ITrialStore store = TrialStore.Sqlite(_file.Path);
            Pause(store, seed: null);
            string own = Assert.Single(Directory.GetDirectories(folder));
            Pause(TrialStore.Sqlite(otherFile.Path), seed: 5);
            string others = Assert.Single(Directory.GetDirectories(folder), each => each != own);
            Assert.All([own, others], each => Assert.NotEmpty(Directory.GetDirectories(each, "checkpoint-*", SearchOption.AllDirectories)));
            string[] kept = FilesOf(others);
            Assert.Equal(Undisturbed.Value, Search(store, options => options.CheckpointDirectory = folder));
            Assert.Equal([others], Directory.GetDirectories(folder));
            Assert.Equal(kept, FilesOf(others));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        void Pause(ITrialStore itsStore, int? seed) => Assert.Throws<OperationCanceledException>(() => Search(itsStore, options =>
        {
            (options.CheckpointDirectory, options.Seed) = (folder, seed);
            AtReport(3, () => throw new OperationCanceledException("Enough."))(options);
        }));

        static string[] FilesOf(string search) =>
            [.. Directory.GetFiles(search, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];
    }

    private static void AssertEndsAndGoesOn(ITrialStore store, Action fail, string message, Action mend)
    {
        TrialStoreException fault;
        try
        {
            fault = Assert.Throws<TrialStoreException>(() => Search(store, AtReport(3, fail)));
        }
        finally
        {
            mend();
        }

        Assert.Contains(message, fault.Message, StringComparison.Ordinal);
        int done = store.Read("search").Count(run => run.Reached > 0);
        Assert.True(done >= 3, $"{done} runs");
        int reports = 0;
        Assert.Equal(Undisturbed.Value, Search(store, options => options.Progress = new Reports(() => reports++)));
        Assert.InRange(reports, 1, store.Read("search").Sum(run => run.Reached) - 3); // what was reported is not trained again
    }

    /// <summary>Searches on small rows with one worker.</summary>
    /// <returns>The result as JSON.</returns>
    private static string Search(ITrialStore? store, Action<SieveSearchOptions>? change = null, int rows = 160)
    {
        var ml = new MLContext(seed: 1);
        var options = new SieveSearchOptions
        {
            Trainer = { Network = { HiddenUnits = [8] }, Steps = 18, BatchSize = 32, Device = "cpu" },
            GroupColumnName = nameof(BiasedRow.Cue),
            Trials = 4,
            SeedsPerTrial = 1,
            ConfirmationSeeds = 2,
            Store = store,
            Workers = 1,
            Lease = TimeSpan.FromSeconds(1),
        };
        change?.Invoke(options);
        using SearchResult<FeatureSieveTrainer.Options> result = ml.MulticlassClassification.SearchFeatureSieve(options)
            .Run(BiasedRow.View(ml, rows, seed: 1), BiasedRow.View(ml, 120, seed: 2));
        return result.ToJson();
    }

    /// <summary>Lets something happen in the middle of a search.</summary>
    private static Action<SieveSearchOptions> AtReport(int number, Action happens) => options =>
    {
        int reports = 0;
        options.Progress = new Reports(() =>
        {
            if (++reports == number) happens();
        });
    };

    private static Thread Later(int milliseconds, Action work)
    {
        var thread = new Thread(() =>
        {
            Thread.Sleep(milliseconds);
            work();
        });
        thread.Start();
        return thread;
    }

    /// <summary>Writes a file until its disk is full.</summary>
    private static void Fill(string path)
    {
        using var file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 0);
        try
        {
            while (true) file.Write(new byte[4096]);
        }
        catch (IOException)
        {
            // It is full.
        }
    }

    private sealed class Reports(Action report) : IProgress<SearchProgress>
    {
        public void Report(SearchProgress value) => report();
    }
}
