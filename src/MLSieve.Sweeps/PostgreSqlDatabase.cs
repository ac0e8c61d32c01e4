using System.Data.Common;
using System.Net.Sockets;
using Npgsql;

namespace Microsoft.ML.EarlyReadout.Search;

/// <summary>Trials in a PostgreSQL database.</summary>
internal sealed class PostgreSqlDatabase : SqlDatabase
{
    private const long SchemaLock = 0x4D4C_5369_6576_65; // any number that other programs are unlikely to lock
    private readonly string _connection;

    public PostgreSqlDatabase(string connectionString)
    {
        try
        {
            var parts = new NpgsqlConnectionStringBuilder(connectionString);
            if (string.IsNullOrWhiteSpace(parts.Host)) throw new ArgumentException(nameof(parts.Host));
            parts.ApplicationName ??= "MLSieve";
            _connection = parts.ConnectionString;
            string database = parts.Database ?? parts.Username ?? "";
            Name = FormattableString.Invariant($"The trial store in PostgreSQL's database '{database}' at {parts.Host}:{parts.Port}");
        }
        catch (Exception fault) when (fault is ArgumentException or FormatException or NotSupportedException)
        {
            // Not with the words of the fault: they may quote the password.
            throw new ArgumentException(
                "This is no connection string of Npgsql. 'Host=db;Database=searches;Username=me;Password=…' is; 'postgresql://…' is not.",
                nameof(connectionString));
        }
    }

    /// <inheritdoc/>
    public override string Name { get; }

    /// <inheritdoc/>
    public override string Clock => "cast(extract(epoch from clock_timestamp()) * 1000 as bigint)";

    /// <inheritdoc/>
    public override string SkipLocked => "for update skip locked";

    /// <inheritdoc/>
    public override DbConnection Connect()
    {
        var connection = new NpgsqlConnection(_connection);
        try
        {
            connection.Open();
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
        using var connection = new NpgsqlConnection(_connection);
        NpgsqlConnection.ClearPool(connection);
    }

    /// <inheritdoc/>
    public override bool HasTables(DbConnection connection) =>
        connection.Query($"select to_regclass('{StoreSchema.VersionTable}') is not null", row => row.GetBoolean(0)).Single();

    /// <inheritdoc/>
    public override DbTransaction BeginSchema(DbConnection connection)
    {
        DbTransaction transaction = connection.BeginTransaction();
        // Two that create a table if it does not exist can both find that it does not.
        connection.Execute(FormattableString.Invariant($"select pg_advisory_xact_lock({SchemaLock})"));
        return transaction;
    }

    /// <inheritdoc/>
    public override bool IsTransient(Exception fault) =>
        fault is DbException { IsTransient: true } or TimeoutException or SocketException or IOException;

    /// <inheritdoc/>
    public override string Explain(Exception fault)
    {
        if (fault is not PostgresException said)
        {
            string cause = fault.InnerException is { } inner ? $" ({inner.Message.TrimEnd('.')})" : "";
            return $"{fault.Message.TrimEnd('.')}{cause}. Check that the server runs, and host and port in the connection string.";
        }

        return said.MessageText + said.SqlState switch
        {
            PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification
                => ". Check user and password in the connection string.",
            PostgresErrorCodes.InvalidCatalogName => ". Create it, or name another in the connection string.",
            PostgresErrorCodes.InsufficientPrivilege => ". Let the user create tables there, or read and write those that are there.",
            PostgresErrorCodes.DiskFull => ". Make room on the server's disk.",
            _ => ".",
        };
    }
}
