using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

[Collection(PostgreSqlGroup.Name)]
public sealed class PostgreSqlTrialStoreTests(PostgreSqlServer server, ITestOutputHelper output) : TrialStoreContract(output)
{
    private readonly string _schema = server.NewSchema();

    protected override ITrialStore Connect() => TrialStore.PostgreSql(_schema);
}
