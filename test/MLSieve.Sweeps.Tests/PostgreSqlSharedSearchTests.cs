using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

/// <summary>In a schema of PostgreSQL.</summary>
[Collection(PostgreSqlGroup.Name)]
public sealed class PostgreSqlSharedSearchTests : SharedSearchContract
{
    public PostgreSqlSharedSearchTests(PostgreSqlServer server)
    {
        ArgumentNullException.ThrowIfNull(server);
        Place = server.NewSchema();
        Store = TrialStore.PostgreSql(Place);
        Store.Read(SweepProcess.Search); // makes the tables
    }

    protected override string Place { get; }

    protected override ITrialStore Store { get; }

    private protected override ReportLog Log() => ReportLog.OfPostgreSql(Place);
}
