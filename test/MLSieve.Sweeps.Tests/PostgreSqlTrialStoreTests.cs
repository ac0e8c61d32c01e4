using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

[Collection(PostgreSqlGroup.Name)]
public sealed class PostgreSqlTrialStoreTests(PostgreSqlServer server) : TrialStoreContract
{
    private readonly Lazy<string> _database = new(server.NewDatabase);

    protected override ITrialStore Connect() => TrialStore.PostgreSql(_database.Value);
}
