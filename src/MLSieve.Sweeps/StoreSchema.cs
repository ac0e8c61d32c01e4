using System.Data.Common;

namespace Microsoft.ML.EarlyReadout.Search;

/// <summary>The tables of a trial store and their version.</summary>
internal static class StoreSchema
{
    public const string VersionTable = "mlsieve_schema";

    /// <summary>The version that this library makes and reads.</summary>
    public const int Version = 1;

    // ended: the last attempt that gave its run back itself; what it says again, because the answer was lost, is true and counts once.
    // deaths: how many of the failures were leases that ran out.
    private const string Tables = $"""
        create table if not exists {VersionTable} (version integer not null);
        create table if not exists mlsieve_searches (search text primary key, identity text not null);
        create table if not exists mlsieve_runs (
            search text not null, number integer not null, trial integer not null, seed bigint not null, settings text not null,
            rungs integer not null, first_granted integer not null, priority integer not null,
            state text not null default 'Open' check (state in ('Open', 'Running', 'Finished', 'Stopped', 'Failed')),
            attempt integer not null default 0, ended integer not null default 0,
            failures integer not null default 0, deaths integer not null default 0,
            worker text, lease bigint not null default 0,
            reached integer not null default 0, granted integer not null, figure double precision, outcome text, message text,
            primary key (search, number));
        """;

    /// <summary>Makes the tables where they are not there.</summary>
    /// <exception cref="TrialStoreException">The tables are of another version, or the database is of something else.</exception>
    public static void Ensure(SqlDatabase database, DbConnection connection)
    {
        if (!database.HasTables(connection)) Create(database, connection);
        int? version = connection.Query($"select version from {VersionTable}", row => (int?)row.GetInt32(0)).SingleOrDefault();
        if (version == Version) return;
        string reads = FormattableString.Invariant($"this release of MLSieve reads version {Version}");
        throw new TrialStoreException(version > Version
            ? FormattableString.Invariant($"{database.Name} has tables of version {version}; {reads}. Take the release that made them.")
            : FormattableString.Invariant($"{database.Name} has tables of no version that is known; {reads}. Name another store."));
    }

    private static void Create(SqlDatabase database, DbConnection connection)
    {
        using DbTransaction transaction = database.BeginSchema(connection);
        connection.Execute(Tables);
        connection.Execute(FormattableString.Invariant(
            $"insert into {VersionTable} select {Version} where not exists (select 1 from {VersionTable})"));
        transaction.Commit();
    }
}
