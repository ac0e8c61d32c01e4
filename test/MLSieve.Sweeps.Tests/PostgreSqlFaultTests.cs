using System.Collections.Concurrent;
using Microsoft.ML.EarlyReadout;
using Npgsql;

namespace MLSieve.Tests;

/// <summary>What a PostgreSQL store does where its server fails it.</summary>
[Collection(PostgreSqlGroup.Name)]
public sealed class PostgreSqlFaultTests(PostgreSqlServer server)
{
    private const string Search = "birds";
    private static readonly SearchRun Run = new(1, 1, 7, "{}", Rungs: 3, Granted: 1, Priority: 0);

    [Fact]
    public void A_newer_store_is_named_with_both_versions()
    {
        string schema = server.NewSchema();
        TrialStore.PostgreSql(schema).Add(Search, [Run]);
        server.Execute($"update {Name(schema)}.mlsieve_schema set version = 2");
        string message = Fault(TrialStore.PostgreSql(schema)).Message;
        Assert.Contains("has tables of version 2; this release of MLSieve reads version 1", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Tables_of_others_are_left_alone()
    {
        string schema = server.NewSchema();
        server.Execute($"create table {Name(schema)}.customers (name text)");
        ITrialStore store = TrialStore.PostgreSql(schema);
        store.Add(Search, [Run]);
        Assert.Single(store.Read(Search));
        server.Execute($"insert into {Name(schema)}.customers values ('Ada')");
    }

    [Fact]
    public void A_wrong_password_is_said_without_the_password()
    {
        TrialStoreException fault = Fault(TrialStore.PostgreSql(server.ConnectionString("postgres", "guarded") + ";Password=sesame"));
        Assert.Contains("Check user and password", fault.Message, StringComparison.Ordinal);
        Assert.Contains("guarded", fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("sesame", fault.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_user_that_may_make_no_tables_is_told_so()
    {
        string guarded = $"{server.ConnectionString("postgres", "guarded")};Password={PostgreSqlServer.GuardedPassword}";
        Assert.Contains("Let the user create tables there", Fault(TrialStore.PostgreSql(guarded)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_database_that_is_not_there_is_named()
    {
        string message = Fault(TrialStore.PostgreSql(server.ConnectionString("nowhere"))).Message;
        Assert.Contains("database 'nowhere'", message, StringComparison.Ordinal);
        Assert.Contains("Create it", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("postgresql://me:sesame@db/searches")]
    [InlineData("Host=db;Passwort=sesame")]
    [InlineData("Database=searches;Password=sesame")]
    [InlineData("Host=db;Password=sesame;Port=sesame")]
    public void What_is_no_connection_string_is_said_without_the_password(string connectionString)
    {
        ArgumentException fault = Assert.Throws<ArgumentException>(() => TrialStore.PostgreSql(connectionString));
        Assert.Contains("no connection string", fault.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("sesame", fault.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Workers_whose_connections_are_cut_again_and_again_lose_no_run()
    {
        Share(server.NewSchema(), () =>
        {
            for (int cuts = 0; cuts < 15; cuts++)
            {
                Thread.Sleep(60);
                server.Execute("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'MLSieve'");
            }
        });
    }

    [Fact]
    public void Workers_share_a_search_on_a_server_that_refuses_what_is_not_serializable()
    {
        string schema = server.NewSchema();
        server.Execute("alter database postgres set default_transaction_isolation = 'serializable'");
        try
        {
            Share(schema, () => { });
        }
        finally
        {
            server.Execute("alter database postgres reset default_transaction_isolation");
            NpgsqlConnection.ClearAllPools(); // whose sessions began with it
        }
    }

    [Fact]
    public void Workers_outlive_a_server_that_crashes_and_starts_again()
    {
        Share(server.NewSchema(), () =>
        {
            Thread.Sleep(400);
            server.Crash();
            Thread.Sleep(500);
            server.Start();
        });
    }

    [Fact]
    public void A_server_that_does_not_come_back_is_named_and_what_was_written_is_there_when_it_does()
    {
        string schema = server.NewSchema();
        var store = new SqlTrialStore(new PostgreSqlDatabase(schema + ";Password=sesame"), TimeSpan.FromSeconds(1));
        store.Add(Search, [Run]);
        RunClaim claim = store.Claim(Search, "worker", TimeSpan.FromMinutes(5), 3)!;
        Assert.True(store.Report(claim, 1, 0.5, "{}"));
        server.Crash();
        try
        {
            TrialStoreException fault = Assert.Throws<TrialStoreException>(() => store.Report(claim, 2, 0.6, "{}"));
            Assert.Contains(new NpgsqlConnectionStringBuilder(schema).Host!, fault.Message, StringComparison.Ordinal);
            Assert.Contains("Check that the server runs", fault.Message, StringComparison.Ordinal);
            Assert.DoesNotContain("sesame", fault.ToString(), StringComparison.Ordinal);
        }
        finally
        {
            server.Start();
        }

        Assert.Equal(1, Assert.Single(store.Read(Search)).Reached);
        Assert.True(store.Report(claim, 2, 0.6, "{}"));
    }

    /// <summary>
    /// Four workers train eighty runs from rung to rung while something happens; in the end all are trained, each finished by one attempt
    /// alone.
    /// </summary>
    private static void Share(string schema, Action happens)
    {
        TrialStore.PostgreSql(schema).Add(Search, [.. Enumerable.Range(0, 80).Select(number => Run with { Number = number, Granted = 3 })]);
        var finished = new ConcurrentBag<(int Number, int Attempt)>();
        TrialStoreContract.AtOnce(5, worker =>
        {
            if (worker == 4)
            {
                happens();
                return;
            }

            ITrialStore store = TrialStore.PostgreSql(schema);
            while (store.Read(Search).Any(run => run.State != RunState.Finished))
            {
                if (store.Claim(Search, $"worker {worker}", TimeSpan.FromSeconds(3), 100) is not { } claim) continue;
                Thread.Sleep(20);
                bool mine = store.Report(claim, 1, 0.5, "1") && store.Renew(claim, TimeSpan.FromSeconds(3));
                mine = mine && store.Report(claim, 2, 0.6, "2");
                if (mine && store.Report(claim, 3, 0.7, $"{claim.Attempt}")) finished.Add((claim.Run.Number, claim.Attempt));
            }
        });
        IReadOnlyList<StoredRun> runs = TrialStore.PostgreSql(schema).Read(Search);
        Assert.All(runs, run => Assert.Equal(
            (RunState.Finished, 3, 0.7, $"{run.Attempt}"), (run.State, run.Reached, run.Score, run.Outcome)));
        Assert.Equal(runs.Select(run => (run.Run.Number, run.Attempt)), finished.Order());
    }

    private static TrialStoreException Fault(ITrialStore store) =>
        Assert.Throws<TrialStoreException>(() => store.Open(Search, new Dictionary<string, string>()));

    private static string Name(string schema) => new NpgsqlConnectionStringBuilder(schema).SearchPath!;
}
