using System.Data.Common;
using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text.Json;

namespace Microsoft.ML.EarlyReadout.Search;

/// <summary>Trials in the tables of a database: each change of a run is one statement, and only its last attempt may make it.</summary>
/// <param name="database">The database.</param>
/// <param name="patience">How long a database that does not answer is asked again; <see langword="null"/>: two minutes.</param>
internal sealed class SqlTrialStore(SqlDatabase database, TimeSpan? patience = null) : ITrialStore
{
    private const string Columns = """
        number, trial, seed, settings, rungs, first_granted, priority,
        state, attempt, failures, worker, reached, granted, figure, outcome, message, deaths
        """;

    private const string Key = "search = @search and number = @number and attempt = @attempt";

    private static readonly TimeSpan FirstPatience = TimeSpan.FromSeconds(10), LongestPause = TimeSpan.FromSeconds(5);
    private readonly TimeSpan _patience = patience ?? TimeSpan.FromMinutes(2);
    private volatile bool _reached;

    public IReadOnlyDictionary<string, string> Open(string search, IReadOnlyDictionary<string, string> identity) => Do(connection =>
    {
        connection.Execute(
            "insert into mlsieve_searches (search, identity) values (@search, @identity) on conflict do nothing",
            ("search", search), ("identity", JsonSerializer.Serialize(identity)));
        return connection.Query(
            "select identity from mlsieve_searches where search = @search",
            row => JsonSerializer.Deserialize<Dictionary<string, string>>(row.GetString(0))!,
            ("search", search)).Single();
    });

    public void Add(string search, IReadOnlyList<SearchRun> runs) => Do(connection =>
    {
        using DbTransaction transaction = connection.BeginTransaction();
        foreach (SearchRun run in runs.OrderBy(run => run.Number)) // in one order, or two that add at once would wait for each other
        {
            connection.Execute(
                """
                insert into mlsieve_runs (search, number, trial, seed, settings, rungs, first_granted, priority, granted)
                values (@search, @number, @trial, @seed, @settings, @rungs, @granted, @priority, @granted) on conflict do nothing
                """,
                ("search", search), ("number", run.Number), ("trial", run.Trial), ("seed", run.Seed), ("settings", run.Settings),
                ("rungs", run.Rungs), ("granted", run.Granted), ("priority", run.Priority));
        }

        transaction.Commit();
        return true;
    });

    /// <summary>
    /// Takes the first of the runs that are free: to train it, or, where its worker died once too often, to fail it, and then the next.
    /// The select is part of the update, and PostgreSQL passes over rows that another claim holds: two workers never get one run.
    /// </summary>
    public RunClaim? Claim(string search, string worker, TimeSpan lease, int failures) => Do(connection =>
    {
        const string Hopeless = "failures + case state when 'Running' then 1 else 0 end >= @failures";
        string sql = $"""
            update mlsieve_runs set
                state = case when {Hopeless} then 'Failed' else 'Running' end,
                attempt = case when {Hopeless} then attempt else attempt + 1 end,
                worker = case when {Hopeless} then worker else @worker end,
                failures = failures + case state when 'Running' then 1 else 0 end,
                deaths = deaths + case state when 'Running' then 1 else 0 end,
                lease = {database.Clock} + @lease
            where search = @search and number = (
                select number from mlsieve_runs
                where search = @search and (state = 'Open' or (state = 'Running' and lease < {database.Clock}))
                order by
                    case when {Hopeless} then 0 when reached < granted then 1 else 2 end,
                    case when reached < granted then 0 else -figure end, priority, number
                limit 1 {database.SkipLocked})
            returning {Columns}
            """;
        while (true)
        {
            StoredRun? run = connection
                .Query(sql, Run, ("search", search), ("worker", worker), ("lease", Milliseconds(lease)), ("failures", failures))
                .SingleOrDefault();
            if (run is null) return null;
            if (run.State == RunState.Running) return new RunClaim(search, run.Run, run.Attempt, run.Reached, run.Outcome);
        }
    });

    public bool Renew(RunClaim claim, TimeSpan lease) => Change(
        claim,
        $"update mlsieve_runs set lease = {database.Clock} + @lease where {Key} and state = 'Running'",
        ("lease", Milliseconds(lease)));

    public bool Report(RunClaim claim, int rung, double figure, string outcome)
    {
        claim.CheckReport(rung, figure);
        return Change(
            claim,
            $"""
            update mlsieve_runs set
                reached = case when @rung >= reached then @rung else reached end,
                figure = case when @rung >= reached then @figure else figure end,
                outcome = case when @rung >= reached then @outcome else outcome end,
                state = case when state = 'Running' and @rung = rungs then 'Finished' else state end,
                ended = case when @rung = rungs then attempt else ended end
            where {Key} and (state = 'Running' or (ended = attempt and reached = @rung and @rung = rungs))
            """,
            ("rung", rung), ("figure", figure), ("outcome", outcome));
    }

    public bool Release(RunClaim claim) => Change(
        claim,
        $"""
        update mlsieve_runs set state = 'Open', ended = attempt
        where {Key} and (state = 'Running' or (state = 'Open' and ended = attempt))
        """);

    public bool Fail(RunClaim claim, string message, int failures) => Change(
        claim,
        $"""
        update mlsieve_runs set
            state = case when state = 'Running' then case when failures + 1 >= @failures then 'Failed' else 'Open' end else state end,
            failures = failures + case state when 'Running' then 1 else 0 end,
            message = case when state = 'Running' then @message else message end,
            ended = attempt
        where {Key} and (state = 'Running' or (state in ('Open', 'Failed') and ended = attempt))
        """,
        ("message", message), ("failures", failures));

    public void Decide(string search, int rung, IReadOnlyList<int> promoted, IReadOnlyList<int> stopped) => Do(each => each.Execute(
        $"""
        update mlsieve_runs set
            granted = case when trial in ({List(promoted)}) and granted <= @rung and @rung < rungs then @rung + 1 else granted end,
            state = case when trial in ({List(stopped)}) and state <> 'Failed' then 'Stopped' else state end
        where search = @search and trial in ({List([.. promoted, .. stopped])})
        """,
        ("search", search), ("rung", rung)));

    public IReadOnlyList<StoredRun> Read(string search) => Do(connection =>
        connection.Query($"select {Columns} from mlsieve_runs where search = @search order by number", Run, ("search", search)));

    private bool Change(RunClaim claim, string sql, params (string Name, object Value)[] values) => Do(connection =>
        connection.Execute(sql, [("search", claim.Search), ("number", claim.Run.Number), ("attempt", claim.Attempt), .. values]) == 1);

    /// <summary>
    /// Does what the database is asked, again and again while its fault may pass. A statement's answer may be lost with its connection:
    /// each may be made twice, and a claim that nobody knows of runs out.
    /// </summary>
    private T Do<T>(Func<DbConnection, T> work)
    {
        var waited = Stopwatch.StartNew();
        TimeSpan patience = _reached || _patience < FirstPatience ? _patience : FirstPatience;
        for (var pause = TimeSpan.FromMilliseconds(50); ; pause = pause * 2 < LongestPause ? pause * 2 : LongestPause)
        {
            try
            {
                using DbConnection connection = database.Connect();
                if (!_reached) StoreSchema.Ensure(database, connection);
                _reached = true;
                return work(connection);
            }
            catch (Exception fault) when (IsFault(fault))
            {
                bool mayPass = database.IsTransient(fault);
                if (!mayPass || waited.Elapsed + pause > patience)
                {
                    string asked = mayPass ? FormattableString.Invariant($", asked for {waited.Elapsed.TotalSeconds:F1} s") : "";
                    throw new TrialStoreException($"{database.Name} cannot be used{asked}: {database.Explain(fault)}", fault);
                }

                database.Forget();
            }

            Thread.Sleep(pause * (0.5 + (Random.Shared.NextDouble() / 2))); // or workers that were turned away together come back together
        }
    }

    private static bool IsFault(Exception fault) =>
        fault is DbException or IOException or UnauthorizedAccessException or TimeoutException or SocketException;

    private static StoredRun Run(DbDataReader row)
    {
        var run = new SearchRun(
            Number: row.GetInt32(0),
            Trial: row.GetInt32(1),
            Seed: row.GetInt64(2),
            Settings: row.GetString(3),
            Rungs: row.GetInt32(4),
            Granted: row.GetInt32(5),
            Priority: row.GetInt32(6));
        return new StoredRun(
            run,
            Enum.Parse<RunState>(row.GetString(7)),
            Attempt: row.GetInt32(8),
            Failures: row.GetInt32(9),
            Worker: Text(10),
            Reached: row.GetInt32(11),
            Granted: row.GetInt32(12),
            Score: row.IsDBNull(13) ? null : row.GetDouble(13),
            Outcome: Text(14),
            Message: StoredRun.MessageOf(Text(15), row.GetInt32(16)));

        string? Text(int column) => row.IsDBNull(column) ? null : row.GetString(column);
    }

    private static long Milliseconds(TimeSpan time) => (long)Math.Ceiling(time.TotalMilliseconds);

    /// <summary>Numbers for <c>in</c>; the null, which equals nothing, is for PostgreSQL, which takes no empty list.</summary>
    private static string List(IEnumerable<int> numbers) =>
        string.Join(", ", numbers.Select(number => number.ToString(CultureInfo.InvariantCulture)).Prepend("null"));
}
