using System.Data.Common;
using Microsoft.Data.Sqlite;
using Microsoft.ML.EarlyReadout;
using Npgsql;

namespace MLSieve.Tests;

/// <summary>What is written down of the runs of a store, one entry a report, kept by a trigger in the database itself.</summary>
internal sealed class ReportLog
{
    private readonly Func<DbConnection> _connect;

    private ReportLog(Func<DbConnection> connect, string sql)
    {
        _connect = connect;
        using DbConnection connection = _connect();
        connection.Execute(sql);
    }

    /// <summary>A report that was taken.</summary>
    /// <param name="Run">The run's number.</param>
    /// <param name="Attempt">The attempt that made it.</param>
    /// <param name="Rung">The rung that the run has reached by it.</param>
    /// <param name="IsFinished">Whether the run is finished by it.</param>
    public sealed record Entry(int Run, int Attempt, int Rung, bool IsFinished);

    /// <summary>Keeps the log of a SQLite store, which has its tables.</summary>
    public static ReportLog OfSqlite(string path) => new(
        () => TemporaryFile.Connect(path),
        """
        create table test_reports (id integer primary key, run integer, attempt integer, rung integer, finished integer);
        create trigger test_report after update of reached on mlsieve_runs begin
            insert into test_reports (run, attempt, rung, finished) values (new.number, new.attempt, new.reached, new.state = 'Finished');
        end
        """);

    /// <summary>Keeps the log of a PostgreSQL store, which has its tables.</summary>
    public static ReportLog OfPostgreSql(string connectionString) => new(
        () =>
        {
            var connection = new NpgsqlConnection(connectionString);
            connection.Open();
            return connection;
        },
        """
        create table test_reports (id serial primary key, run integer, attempt integer, rung integer, finished integer);
        create function test_report() returns trigger language plpgsql as $$ begin
            insert into test_reports (run, attempt, rung, finished)
            values (new.number, new.attempt, new.reached, (new.state = 'Finished')::integer);
            return new;
        end $$;
        create trigger test_report after update of reached on mlsieve_runs for each row execute function test_report()
        """);

    /// <summary>The reports, in their order.</summary>
    public IReadOnlyList<Entry> Read()
    {
        using DbConnection connection = _connect();
        return connection.Query(
            "select run, attempt, rung, finished from test_reports order by id",
            row => new Entry(row.GetInt32(0), row.GetInt32(1), row.GetInt32(2), row.GetInt32(3) == 1));
    }
}
