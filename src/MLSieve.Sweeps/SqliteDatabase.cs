using System.Data.Common;
using Microsoft.Data.Sqlite;

namespace Microsoft.ML.EarlyReadout.Search;

/// <summary>Trials in a SQLite file.</summary>
internal sealed class SqliteDatabase : SqlDatabase
{
    // SQLite's result codes: https://sqlite.org/rescode.html
    private const int Permission = 3, Busy = 5, Locked = 6, ReadOnly = 8, Io = 10, Corrupt = 11, Full = 13, CannotOpen = 14, Protocol = 15;
    private const int NotADatabase = 26;
    private const string Writable = "Name a file that this process may write, in a folder that it may write.";
    private readonly string _path;
    private readonly string _connection;

    public SqliteDatabase(string path)
    {
        _path = Path.GetFullPath(path);
        _connection = new SqliteConnectionStringBuilder { DataSource = _path, DefaultTimeout = 1 }.ConnectionString;
        Forget(); // connections that are kept open would go on writing to a file that was deleted since
    }

    /// <inheritdoc/>
    public override string Name => $"The trial store '{_path}'";

    /// <inheritdoc/>
    public override string Clock => "cast(unixepoch('subsec') * 1000 as integer)";

    /// <inheritdoc/>
    public override string SkipLocked => "";

    /// <inheritdoc/>
    public override DbConnection Connect()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_path)!);
        var connection = new SqliteConnection(_connection);
        try
        {
            connection.Open();
            // SQLite's own timeout waits in milliseconds, the provider's in steps of 150. With full, a power cut takes nothing committed.
            connection.Execute("pragma busy_timeout = 1000; pragma synchronous = full");
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public override void Forget()
    {
        using var connection = new SqliteConnection(_connection);
        SqliteConnection.ClearPool(connection);
    }

    /// <inheritdoc/>
    public override bool HasTables(DbConnection connection)
    {
        List<string> tables = connection.Query("select name from sqlite_schema where type = 'table'", row => row.GetString(0));
        if (tables.Count == 0 || tables.Contains(StoreSchema.VersionTable)) return tables.Count > 0;
        throw new TrialStoreException($"{Name} is the database of something else: it has a table '{tables[0]}'. Name another file.");
    }

    /// <inheritdoc/>
    public override DbTransaction BeginSchema(DbConnection connection)
    {
        connection.Execute("pragma journal_mode = wal"); // who reads does not wait for who writes
        return connection.BeginTransaction();
    }

    /// <inheritdoc/>
    public override bool IsTransient(Exception fault) =>
        (fault as SqliteException)?.SqliteErrorCode is Busy or Locked or Full or Io or Protocol;

    /// <inheritdoc/>
    public override string Explain(Exception fault) => fault.Message + (fault as SqliteException)?.SqliteErrorCode switch
    {
        Busy or Locked => " Another program holds it locked: end that program, or its transaction.",
        Full => " Make room on its disk.",
        Io or Protocol => " Check its disk; it must be a local one. For several machines there is TrialStore.PostgreSql.",
        Corrupt or NotADatabase => " The file is broken, or no SQLite database: restore it, or name another.",
        Permission or ReadOnly or CannotOpen or null => " " + Writable,
        _ => "",
    };
}
