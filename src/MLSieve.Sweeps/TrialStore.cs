
namespace Microsoft.ML.EarlyReadout.Search;

/// <summary>Stores that outlive a process: workers that name the same one share a search, and a search that was stopped goes on.</summary>
/// <remarks>
/// A store that answers no more (it is locked, its disk is full, its server restarts) is asked again for two minutes, and for ten seconds
/// where it has never answered; then a <see cref="TrialStoreException"/> says what to do. What was written is neither lost nor written
/// twice. The tables, whose names begin with <c>mlsieve_</c>, are made by the worker that comes first.
/// </remarks>
/// <threadsafety>All members, and the stores, are thread-safe.</threadsafety>
public static class TrialStore
{
    /// <summary>A store in a SQLite file: for the processes of one machine.</summary>
    /// <param name="path">
    /// The file, such as <c>search.db</c>; it and its folder are made where they are not there. It must lie on a local disk: SQLite's
    /// write-ahead log is shared through memory, so that a file on a network file system, used by two machines, breaks. For those take
    /// <see cref="PostgreSql"/>.
    /// </param>
    /// <exception cref="ArgumentException"><paramref name="path"/> is empty.</exception>
    public static ITrialStore Sqlite(string path)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(path);
        return new SqlTrialStore(new SqliteDatabase(path));
    }

    /// <summary>A store in a PostgreSQL database: for workers on any number of machines, whose clocks need not agree.</summary>
    /// <param name="connectionString">
    /// Npgsql's connection string, such as <c>Host=db;Database=searches;Username=me</c>. The database must be there, and the user may
    /// create tables in it; tables of others are left alone.
    /// </param>
    /// <exception cref="ArgumentException"><paramref name="connectionString"/> is no connection string.</exception>
    public static ITrialStore PostgreSql(string connectionString)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(connectionString);
        return new SqlTrialStore(new PostgreSqlDatabase(connectionString));
    }
}
