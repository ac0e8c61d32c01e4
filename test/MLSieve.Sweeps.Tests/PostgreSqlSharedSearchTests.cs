using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

/// <summary>In a schema of PostgreSQL.</summary>
[Collection(PostgreSqlGroup.Name)]
public sealed class PostgreSqlSharedSearchTests(PostgreSqlServer server)
    : SharedSearchContract(server.NewSchema(), schema => TrialStore.PostgreSql(schema))
{
    private protected override ReportLog Log() => ReportLog.OfPostgreSql(Place);
}
