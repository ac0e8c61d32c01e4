using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

/// <summary>What every trial store promises; each store's tests are these and its own.</summary>
/// <param name="output">Where the speed of the store is written.</param>
public abstract class TrialStoreContract(ITestOutputHelper output)
{
    protected const string Search = "birds";
    protected static readonly TimeSpan Long = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(250);
    private static readonly Dictionary<string, string> Identity = new() { ["seed"] = "7", ["trials"] = "40" };
    private ITrialStore Store => field ??= Connect();

    /// <summary>The test's store, as one more process would come to it.</summary>
    protected abstract ITrialStore Connect();

    [Fact]
    public void A_search_has_the_identity_that_it_was_begun_with()
    {
        Assert.Equal(Identity, Store.Open(Search, Identity));
        var other = new Dictionary<string, string> { ["seed"] = "8" };
        Assert.Equal(Identity, Connect().Open(Search, other));
        Assert.Equal(other, Store.Open("fish", other));
    }

    [Fact]
    public void Eight_workers_that_open_a_search_at_once_see_one_identity()
    {
        var seen = new ConcurrentBag<string>();
        AtOnce(8, worker => seen.Add(Connect().Open(Search, new Dictionary<string, string> { ["by"] = $"{worker}" })["by"]));
        Assert.Equal(8, seen.Count);
        Assert.Single(seen.Distinct());
    }

    [Fact]
    public void Runs_are_read_by_number_and_whole()
    {
        var odd = new SearchRun(3, 1, -9_000_000_000_000_000_000, """{"name":"Waldhühner'; drop table x; -- 森"}""", 3, 2, 5);
        Store.Add(Search, [Run(7), odd]);
        Assert.Equal(
            [
                new StoredRun(odd, RunState.Open, 0, 0, null, 0, 2, null, null, null),
                new StoredRun(Run(7), RunState.Open, 0, 0, null, 0, 1, null, null, null),
            ],
            Connect().Read(Search));
    }

    [Fact]
    public void Runs_that_are_there_are_left_as_they_are()
    {
        Store.Add(Search, [Run(1)]);
        RunClaim claim = Claimed();
        Store.Report(claim, 1, 0.5, "{}");
        StoredRun before = Assert.Single(Store.Read(Search));
        Connect().Add(Search, [Run(1) with { Seed = 99, Granted = 3 }, Run(2)]);
        Assert.Equal([before.Run.Number, 2], Store.Read(Search).Select(run => run.Run.Number));
        Assert.Equal(before, Store.Read(Search)[0]);
        Assert.True(Store.Renew(claim, Long));
    }

    [Fact]
    public void A_search_that_nobody_began_has_no_runs()
    {
        Assert.Null(Claim());
        Assert.Empty(Store.Read(Search));
        Store.Decide(Search, 1, [1], [2]);
        Assert.Empty(Store.Read(Search));
    }

    [Fact]
    public void A_claim_says_all_that_a_worker_needs()
    {
        Store.Add(Search, [Run(4)]);
        RunClaim claim = Claimed("first");
        Assert.Equal(new RunClaim(Search, Run(4), 1, 0, null), claim);
        Store.Report(claim, 1, 0.5, """{"curve":[0.5]}""");
        Store.Decide(Search, 1, [4], []);
        Store.Release(claim);
        Assert.Equal(new RunClaim(Search, Run(4), 2, 1, """{"curve":[0.5]}"""), Claimed("second"));
        StoredRun stored = Assert.Single(Store.Read(Search));
        Assert.Equal((RunState.Running, 2, "second"), (stored.State, stored.Attempt, stored.Worker));
    }

    [Fact]
    public void Runs_come_by_priority_and_number()
    {
        Store.Add(Search, [Run(5, priority: 1), Run(4), Run(2, priority: 1), Run(9)]);
        Assert.Equal([4, 9, 2, 5], Enumerable.Range(0, 4).Select(_ => Claimed().Run.Number));
        Assert.Null(Claim());
    }

    [Fact]
    public void Runs_that_wait_for_a_decision_come_last_and_the_best_of_them_first()
    {
        Store.Add(Search, [Run(1), Run(2), Run(3), Run(4, priority: 9)]);
        foreach (double figure in new[] { 0.4, 0.8, 0.6 })
        {
            RunClaim claim = Claimed();
            Store.Report(claim, 1, figure, "{}");
            Store.Release(claim);
            if (claim.Run.Number < 3) Assert.Equal(claim.Run.Number + 1, Store.Read(Search).First(run => run.Attempt == 0).Run.Number);
        }

        RunClaim[] claims = [.. Enumerable.Range(0, 4).Select(_ => Claimed())];
        Assert.Equal([4, 2, 3, 1], claims.Select(claim => claim.Run.Number));
        Assert.All(claims[1..], claim => Assert.Equal(1, claim.Reached));
    }

    [Fact]
    public void A_run_may_be_trained_to_its_end_before_anything_is_decided()
    {
        Store.Add(Search, [Run(1)]);
        RunClaim claim = Claimed();
        Assert.True(Store.Report(claim, 1, 0.5, "1"));
        Assert.True(Store.Report(claim, 2, 0.6, "2"));
        Assert.True(Store.Report(claim, 3, 0.7, "3"));
        Assert.Equal(new StoredRun(Run(1), RunState.Finished, 1, 0, "worker", 3, 1, 0.7, "3", null), Assert.Single(Store.Read(Search)));
        Assert.Null(Claim());
    }

    [Fact]
    public void A_run_whose_worker_let_its_lease_run_out_is_claimed_by_another()
    {
        Store.Add(Search, [Run(1)]);
        RunClaim first = Claimed("first");
        Assert.Null(Claim());
        Store.Renew(first, Short);
        LetExpire();
        Assert.Equal(2, Claimed("second").Attempt);
        StoredRun run = Assert.Single(Store.Read(Search));
        Assert.Equal((RunState.Running, "second", 1), (run.State, run.Worker, run.Failures));
        Assert.Equal("Its worker died once, or could not renew its lease.", run.Message);
    }

    [Fact]
    public void A_lease_that_is_renewed_holds()
    {
        Store.Add(Search, [Run(1)]);
        RunClaim claim = Claimed(lease: Short);
        Assert.True(Store.Renew(claim, Long)); // so long that it does not run out on a busy machine
        LetExpire(); // the lease that was renewed
        Assert.Null(Claim());
        Assert.True(Store.Renew(claim, Long));
    }

    [Fact]
    public void A_lease_that_ran_out_can_be_renewed_while_nobody_else_has_the_run()
    {
        Store.Add(Search, [Run(1)]);
        RunClaim claim = Claimed(lease: Short);
        LetExpire();
        Assert.True(Store.Renew(claim, Long));
        Assert.Null(Claim());
        Assert.Equal(0, Assert.Single(Store.Read(Search)).Failures);
    }

    [Fact]
    public void A_paused_worker_that_wakes_up_changes_nothing()
    {
        Store.Add(Search, [Run(1)]);
        RunClaim paused = Claimed("paused", Short);
        LetExpire();
        RunClaim later = Claimed("later");
        AssertPowerless(paused);
        Assert.True(Store.Report(later, 3, 0.9, "{}"));
        AssertPowerless(paused);
    }

    [Fact]
    public void Two_workers_that_finish_a_run_at_once_write_it_once()
    {
        Store.Add(Search, [.. Enumerable.Range(0, 20).Select(number => Run(number))]);
        RunClaim[] paused = [.. Enumerable.Range(0, 20).Select(_ => Claimed("paused"))];
        Assert.All(paused, claim => Store.Renew(claim, TimeSpan.Zero));
        Thread.Sleep(20);
        RunClaim[] later = [.. paused.Select(_ => Claimed("later"))];
        int written = 0;
        AtOnce(2, worker =>
        {
            ITrialStore store = Connect();
            foreach (RunClaim claim in worker == 0 ? paused : later)
                if (store.Report(claim, 3, worker, $"{worker}")) Interlocked.Increment(ref written);
        });
        Assert.Equal(20, written);
        Assert.All(Store.Read(Search), run => Assert.Equal((RunState.Finished, 1.0, "1"), (run.State, run.Score, run.Outcome)));
    }

    [Fact]
    public void A_run_that_fails_is_tried_again_and_after_too_many_failures_failed_for_good()
    {
        Store.Add(Search, [Run(1)]);
        Assert.True(Store.Fail(Claimed(), "no GPU", 3));
        StoredRun run = Assert.Single(Store.Read(Search));
        Assert.Equal((RunState.Open, 1, "no GPU"), (run.State, run.Failures, run.Message));
        Assert.True(Store.Fail(Claimed(), "still\0no GPU", 3));
        RunClaim last = Claimed();
        Assert.Equal(3, last.Attempt);
        Assert.True(Store.Fail(last, "no GPU at all", 3));
        run = Assert.Single(Store.Read(Search));
        Assert.Equal((RunState.Failed, 3, "no GPU at all"), (run.State, run.Failures, run.Message));
        Assert.Null(Claim());
    }

    [Fact]
    public void A_run_whose_workers_die_is_failed_by_rule()
    {
        Store.Add(Search, [Run(1), Run(2, priority: 1)]);
        RunClaim[] dead = [Claimed(lease: TimeSpan.Zero), ClaimAfterAWhile(), ClaimAfterAWhile()];
        Assert.Equal([1, 2, 3], dead.Select(claim => claim.Attempt));
        Thread.Sleep(20);
        Assert.Equal(2, Claimed().Run.Number);
        StoredRun run = Store.Read(Search)[0];
        Assert.Equal((RunState.Failed, 3, 3), (run.State, run.Failures, run.Attempt));
        Assert.Equal("Its worker died 3 times, or could not renew its lease.", run.Message);
        Assert.All(dead, AssertPowerless);

        RunClaim ClaimAfterAWhile()
        {
            Thread.Sleep(20);
            return Claimed(lease: TimeSpan.Zero);
        }
    }

    [Fact]
    public void A_run_that_is_failed_by_rule_keeps_what_its_workers_said()
    {
        Store.Add(Search, [Run(1)]);
        Store.Fail(Claimed(), "The disk is full.", 2);
        Claimed(lease: TimeSpan.Zero);
        Thread.Sleep(20);
        Assert.Null(Store.Claim(Search, "worker", Long, 2));
        StoredRun run = Assert.Single(Store.Read(Search));
        Assert.Equal((RunState.Failed, "The disk is full. Its worker died once, or could not renew its lease."), (run.State, run.Message));
    }

    [Fact]
    public void A_run_that_has_failed_too_often_for_this_worker_is_failed()
    {
        Store.Add(Search, [Run(1)]);
        Store.Fail(Claimed(), "no GPU", 3);
        Assert.Null(Store.Claim(Search, "worker", Long, 1));
        Assert.Equal(RunState.Failed, Assert.Single(Store.Read(Search)).State);
    }

    [Fact]
    public void A_run_that_is_handed_back_goes_on_elsewhere_and_has_not_failed()
    {
        Store.Add(Search, [Run(1)]);
        RunClaim first = Claimed();
        Store.Report(first, 1, 0.5, "{}");
        Assert.True(Store.Release(first));
        StoredRun run = Assert.Single(Store.Read(Search));
        Assert.Equal((RunState.Open, 0, 1, 0.5, null), (run.State, run.Failures, run.Reached, run.Score, run.Message));
        Assert.False(Store.Renew(first, Long));
        Assert.False(Store.Report(first, 2, 0.6, "{}"));
        Assert.Equal((2, 1), (Claimed().Attempt, Assert.Single(Store.Read(Search)).Reached));
    }

    [Fact]
    public void A_figure_is_kept_to_the_last_bit()
    {
        Store.Add(Search, [Run(1)]);
        RunClaim claim = Claimed();
        foreach (double figure in new[] { 0.1 + 0.2, 1 / 3.0, double.Epsilon, -0.25 })
        {
            Assert.True(Store.Report(claim, 1, figure, "{}"));
            Assert.Equal(figure, Assert.Single(Store.Read(Search)).Score);
        }
    }

    [Fact]
    public void What_is_no_figure_or_no_rung_is_refused()
    {
        Store.Add(Search, [Run(1)]);
        RunClaim claim = Claimed();
        Assert.Throws<ArgumentOutOfRangeException>(() => Store.Report(claim, 1, double.NaN, "{}"));
        Assert.Throws<ArgumentOutOfRangeException>(() => Store.Report(claim, 0, 0.5, "{}"));
        Assert.Throws<ArgumentOutOfRangeException>(() => Store.Report(claim, 4, 0.5, "{}"));
        Assert.Equal(0, Assert.Single(Store.Read(Search)).Reached);
    }

    [Fact]
    public void A_worker_that_began_a_run_anew_takes_nothing_back()
    {
        Store.Add(Search, [Run(1)]);
        RunClaim claim = Claimed();
        Store.Report(claim, 2, 0.8, "two");
        Assert.True(Store.Report(claim, 1, 0.5, "one"));
        StoredRun run = Assert.Single(Store.Read(Search));
        Assert.Equal((2, 0.8, "two"), (run.Reached, run.Score, run.Outcome));
    }

    [Fact]
    public void What_is_said_twice_counts_once()
    {
        Store.Add(Search, [Run(1), Run(2, priority: 1)]);
        RunClaim failed = Claimed();
        Assert.True(Store.Fail(failed, "no GPU", 3));
        Assert.True(Store.Fail(failed, "no GPU", 3));
        Assert.Equal((RunState.Open, 1), (Store.Read(Search)[0].State, Store.Read(Search)[0].Failures));

        RunClaim released = Claimed();
        Assert.True(Store.Release(released));
        Assert.True(Store.Release(released));

        RunClaim finished = Claimed();
        Assert.True(Store.Report(finished, 3, 0.9, "{}"));
        StoredRun once = Store.Read(Search)[0];
        Assert.True(Store.Report(finished, 3, 0.9, "{}"));
        Assert.False(Store.Fail(finished, "too late", 3));
        Assert.False(Store.Release(finished));
        Assert.False(Store.Renew(finished, Long));
        Assert.Equal(once, Store.Read(Search)[0]);
    }

    [Fact]
    public void A_decision_promotes_and_stops_and_takes_the_claims_of_those_that_it_stops()
    {
        // Trials 0 and 1 with two seeds each.
        Store.Add(Search, [Run(0, trial: 0), Run(1, trial: 0), Run(2, trial: 1), Run(3, trial: 1)]);
        RunClaim[] claims = [.. Enumerable.Range(0, 4).Select(_ => Claimed())];
        foreach (RunClaim claim in claims) Store.Report(claim, 1, claim.Run.Number, "{}");
        Store.Release(claims[0]);
        Store.Decide(Search, 1, [1], [0]);

        IReadOnlyList<StoredRun> decided = Store.Read(Search);
        Assert.Equal([RunState.Stopped, RunState.Stopped, RunState.Running, RunState.Running], decided.Select(run => run.State));
        Assert.Equal([1, 1, 2, 2], decided.Select(run => run.Granted));
        Assert.Equal([1, 1, 1, 1], decided.Select(run => run.Run.Granted));
        AssertPowerless(claims[1]);
        Assert.True(Store.Renew(claims[2], Long));
        Assert.Null(Claim());

        Connect().Decide(Search, 1, [1], [0]);
        Assert.Equal(decided, Store.Read(Search));
        Store.Release(claims[3]);
        Assert.Equal((3, 1), Claimed() is var next ? (next.Run.Number, next.Reached) : default);
    }

    [Fact]
    public void A_decision_does_not_undo_a_later_one_nor_grant_more_rungs_than_there_are()
    {
        Store.Add(Search, [Run(0, trial: 0)]);
        Store.Decide(Search, 2, [0], []);
        Store.Decide(Search, 1, [0], []);
        Store.Decide(Search, 3, [0], []);
        Assert.Equal(3, Assert.Single(Store.Read(Search)).Granted);
    }

    [Fact]
    public void What_was_trained_at_its_own_risk_is_stopped_like_the_rest_of_its_trial()
    {
        Store.Add(Search, [Run(0, trial: 0), Run(1, trial: 0)]);
        RunClaim risky = Claimed(), failing = Claimed();
        Store.Report(risky, 3, 0.4, "{}");
        Store.Fail(failing, "no GPU", 1);
        Store.Decide(Search, 1, [], [0]);
        Assert.Equal([RunState.Stopped, RunState.Failed], Store.Read(Search).Select(run => run.State));
        Assert.Null(Claim());
    }

    [Fact]
    public void Two_searches_in_one_store_do_not_meet()
    {
        Store.Add(Search, [Run(1), Run(2)]);
        Store.Add("fish", [Run(1, trial: 5), Run(2, trial: 2)]);
        IReadOnlyList<StoredRun> fish = Store.Read("fish");
        RunClaim claim = Claimed();
        Store.Report(claim, 3, 0.5, "{}");
        Store.Fail(Claimed(), "no GPU", 1);
        Store.Decide(Search, 1, [1, 5], [2]);
        Assert.Null(Claim());
        Assert.Equal(fish, Store.Read("fish"));
        Assert.Equal(("fish", 5), Store.Claim("fish", "worker", Long, 3) is { } other ? (other.Search, other.Run.Trial) : default);
        Assert.False(Store.Renew(claim, Long));
    }

    [Fact]
    public void Eight_workers_share_400_runs_and_train_each_once()
    {
        Store.Add(Search, [.. Enumerable.Range(0, 400).Select(number => Run(number))]);
        var claimed = new ConcurrentBag<int>();
        var clock = Stopwatch.StartNew();
        AtOnce(8, worker =>
        {
            ITrialStore store = Connect();
            while (store.Claim(Search, $"worker {worker}", Long, 3) is { } claim)
            {
                claimed.Add(claim.Run.Number);
                Assert.True(store.Renew(claim, Long));
                Assert.True(store.Report(claim, 3, claim.Run.Number / 400.0, $"{worker}"));
            }
        });
        output.WriteLine(FormattableString.Invariant($"{400 / clock.Elapsed.TotalSeconds:F0} times claim, renew and report a second"));
        Assert.Equal(Enumerable.Range(0, 400), claimed.Order());
        Assert.All(Store.Read(Search), run => Assert.Equal((RunState.Finished, 1, 0), (run.State, run.Attempt, run.Failures)));
    }

    protected static SearchRun Run(int number, int? trial = null, int priority = 0) =>
        new(number, trial ?? number, 1000 + number, $$"""{"ForgetEvery":{{number}}}""", Rungs: 3, Granted: 1, priority);

    private RunClaim? Claim(string worker = "worker", TimeSpan? lease = null) => Store.Claim(Search, worker, lease ?? Long, failures: 3);

    private RunClaim Claimed(string worker = "worker", TimeSpan? lease = null)
    {
        RunClaim? claim = Claim(worker, lease);
        Assert.NotNull(claim);
        return claim;
    }

    private static void LetExpire() => Thread.Sleep(Short + TimeSpan.FromMilliseconds(50));

    private void AssertPowerless(RunClaim claim)
    {
        IReadOnlyList<StoredRun> before = Store.Read(Search);
        Assert.False(Store.Renew(claim, Long));
        Assert.False(Store.Report(claim, 3, 0.99, "late"));
        Assert.False(Store.Release(claim));
        Assert.False(Store.Fail(claim, "late", 1));
        Assert.Equal(before, Store.Read(Search));
    }

    /// <summary>Runs threads that begin together; fails with what the first of them threw.</summary>
    internal static void AtOnce(int threads, Action<int> work)
    {
        var faults = new ConcurrentQueue<Exception>();
        using var start = new Barrier(threads);
        Thread[] all = [.. Enumerable.Range(0, threads).Select(index => new Thread(() =>
        {
            try
            {
                start.SignalAndWait();
                work(index);
            }
            catch (Exception fault)
            {
                faults.Enqueue(fault);
            }
        }))];
        foreach (Thread thread in all) thread.Start();
        foreach (Thread thread in all) thread.Join();
        Assert.Empty(faults);
    }
}
