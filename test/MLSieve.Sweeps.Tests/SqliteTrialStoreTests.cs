using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

public sealed class SqliteTrialStoreTests(ITestOutputHelper output) : TrialStoreContract(output), IDisposable
{
    private readonly TemporaryFile _file = new();

    protected override ITrialStore Connect() => TrialStore.Sqlite(_file.Path);

    public void Dispose() => _file.Dispose();
}
