using Microsoft.Data.Sqlite;
using Microsoft.ML;
using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

/// <summary>
/// What each version has saved is read by every later one: models, and a store of trials. The files of a version are in a folder of its
/// name, each with an account of what it holds. They stay as they are.
/// </summary>
public sealed class SavedByEarlierVersionsTests : IDisposable
{
    private const string Search = "birds", Store = "search";
    private static readonly string Earlier = Path.Combine(Repository.Root, "test", "MLSieve.IntegrationTests", "Saving", "Earlier");
    private static readonly TimeSpan Lease = TimeSpan.FromMinutes(5);
    private readonly MLContext _ml = new(seed: 1);
    private readonly string _folder = Directory.CreateTempSubdirectory("earlier-").FullName;

    public static TheoryData<string> Versions =>
        [.. Directory.EnumerateDirectories(Earlier).Select(folder => Path.GetFileName(folder)).Order(StringComparer.Ordinal)];

    public static TheoryData<string, string> Models
    {
        get
        {
            var models = new TheoryData<string, string>();
            foreach (string zip in Directory.EnumerateFiles(Earlier, "*.zip", SearchOption.AllDirectories).Order(StringComparer.Ordinal))
                models.Add(Path.GetFileName(Path.GetDirectoryName(zip)!), Path.GetFileNameWithoutExtension(zip));
            return models;
        }
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void A_model_that_an_earlier_version_has_saved_is_given_back_whole(string version, string name)
    {
        string file = Path.Combine(Earlier, version, name);
        using EarlyReadoutTransformer model = EarlyReadoutTransformer.Load($"{file}.zip", _ml);
        StoredAccount.AssertSame(File.ReadAllLines($"{file}.txt"), StoredAccount.Of(_ml, model, KeptModels.Rows(_ml), _folder));
    }

    [Theory]
    [MemberData(nameof(Versions))]
    public void A_store_of_trials_that_an_earlier_version_has_made_is_read_and_written(string version)
    {
        string file = Path.Combine(Earlier, version, Store), copy = Path.Combine(_folder, "search.db");
        File.Copy($"{file}.db", copy); // to open it changes it
        ITrialStore store = TrialStore.Sqlite(copy);
        StoredAccount.AssertSame(File.ReadAllLines($"{file}.txt"), StoredAccount.Of(store, Search));

        RunClaim claim = store.Claim(Search, "later", Lease, failures: 3)!;
        Assert.True(store.Report(claim, claim.Run.Rungs, 0.5, "{}"));
        StoredRun trained = store.Read(Search).Single(run => run.Run == claim.Run);
        Assert.Equal((RunState.Finished, "later", 0.5), (trained.State, trained.Worker, trained.Score));
    }

    /// <summary>Makes the files of this version: once, for its release.</summary>
    [Fact(Explicit = true)]
    public void Write()
    {
        string folder = Path.Combine(Earlier, TrainingIdentity.LibraryVersion);
        Assert.False(Directory.Exists(folder), $"'{folder}' is there; what a version has saved stays as it is.");
        Directory.CreateDirectory(folder);
        IDataView rows = KeptModels.Rows(_ml);
        foreach (string name in KeptModels.Names)
        {
            using EarlyReadoutTransformer model = KeptModels.Fit(name, _ml);
            _ml.Model.Save(model, rows.Schema, Path.Combine(folder, $"{name}.zip"));
            File.WriteAllLines(Path.Combine(folder, $"{name}.txt"), StoredAccount.Of(_ml, model, rows, _folder));
        }

        WriteStore(Path.Combine(folder, Store));
    }

    public void Dispose()
    {
        SqliteConnection.ClearAllPools();
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>A search of four trials: one is finished, one stopped, one failed, and one is still to be trained.</summary>
    private static void WriteStore(string file)
    {
        ITrialStore store = TrialStore.Sqlite($"{file}.db");
        store.Open(Search, new Dictionary<string, string> { ["rows"] = "60", ["trials"] = "4" });
        store.Add(Search, [.. Enumerable.Range(0, 4).Select(number => new SearchRun(
            number, Trial: number, Seed: 7 + number, $$"""{"rate":0.{{number}}}""", Rungs: 2, Granted: 1, Priority: 0))]);

        RunClaim first = Claim(0);
        Assert.True(store.Report(first, 1, 0.75, """{"steps":10}"""));
        Assert.True(store.Release(first));
        Assert.True(store.Report(Claim(1), 1, 0.25, """{"steps":10}"""));
        store.Decide(Search, 1, promoted: [0], stopped: [1]);
        Assert.True(store.Report(Claim(0), 2, 0.875, """{"steps":20}"""));
        Assert.True(store.Fail(Claim(2), "No memory was left.", failures: 1));

        File.WriteAllLines($"{file}.txt", StoredAccount.Of(store, Search));
        SqliteConnection.ClearAllPools(); // the last to close it brings the log into the file
        Assert.False(File.Exists($"{file}.db-wal"));

        RunClaim Claim(int expected)
        {
            RunClaim claim = store.Claim(Search, "worker", Lease, failures: 3)!;
            Assert.Equal(expected, claim.Run.Number);
            return claim;
        }
    }
}
