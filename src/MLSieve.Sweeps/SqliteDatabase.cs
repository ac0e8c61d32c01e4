using System.Data.Common;
using Microsoft.Data.Sqlite;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Trials in a SQLite file.</summary>
internal sealed class SqliteDatabase : SqlDatabase
{
    // SQLite's result codes: https://sqlite.org/rescode.html
    private const int Permission = 3, Busy = 5, Locked = 6, ReadOnly = 8, Io = 10, Corrupt = 11, Full = 13, CannotOpen = 14, Protocol = 15, NotADatabase = 26;
    private readonly string _path;
    private readonly string _connection;

    public SqliteDatabase(string path)
    {
        _path = Path.GetFullPath(path);
        _connection = new SqliteConnectionStringBuilder { DataSource = _path, DefaultTimeout = 1 }.ConnectionString;
        Forget(); // a file of this name may have been deleted since
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
            // The busy timeout waits in milliseconds where the provider's own waits in steps of 150; what is committed outlives a power cut.
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
        string[] tables = [.. connection.Query("select name from sqlite_master where type = 'table' and name not like 'sqlite\\_%' escape '\\'", row => row.GetString(0))];
        if (tables.Length == 0 || tables.Contains(StoreSchema.VersionTable)) return tables.Length > 0;
        throw new TrialStoreException($"{Name} is the database of something else: it has a table '{tables[0]}'. Name another file.");
    }

    /// <inheritdoc/>
    public override DbTransaction BeginSchema(DbConnection connection)
    {
        connection.Execute("pragma journal_mode = wal"); // who reads does not wait for who writes
        return connection.BeginTransaction();
    }

    /// <inheritdoc/>
    public override bool MayPass(Exception fault) => (fault as SqliteException)?.SqliteErrorCode is Busy or Locked or Full or Io or Protocol;

    /// <inheritdoc/>
    public override string? Advice(Exception fault) => fault is SqliteException sqlite
        ? sqlite.SqliteErrorCode switch
        {
            Busy or Locked => "Another program holds it locked: end that program or its transaction.",
            Full => "Make room on its disk.",
            Io or Protocol => "Check its disk. It must be a local one: for several machines there is TrialStore.PostgreSql.",
            Permission or ReadOnly or CannotOpen => "Name a file in a folder, both of which this process may write.",
            Corrupt or NotADatabase => "The file is broken, or is no SQLite database: restore it, or name another.",
            _ => null,
        }
        : "Name a file in a folder, both of which this process may write.";
}
