using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

public sealed class SqliteTrialStoreTests : TrialStoreContract
{
    private readonly string _folder = Directory.CreateTempSubdirectory("trial-store-").FullName;

    protected override ITrialStore Connect() => TrialStore.Sqlite(Path.Combine(_folder, "search.db"));
}
