using System.Collections.Concurrent;
using Microsoft.ML;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.Runtime;

namespace MLSieve.Tests;

/// <summary>The workers of a search without any training: plain training and four others, two seeds, rungs at 1 and 3 steps.</summary>
public sealed class SearchWorkersTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private static readonly SearchPlan Plan = new()
    {
        PlainName = "plain training",
        Trials = [.. Enumerable.Range(0, 5).Select(number => new PlannedTrial(number, number == 0, new Dictionary<string, string>(), 0.1))],
        Rungs = new RungPlan([1, 3], 1),
        Factor = 2,
        Seeds = [11, 12],
        ConfirmationSeeds = [],
    };

    private readonly InMemoryTrialStore _store = new();
    private readonly IChannel _channel;

    public SearchWorkersTests()
    {
        NativeBackend.EnsureLoaded(); // whose threads workers set
        IHostEnvironment environment = new MLContext();
        _channel = environment.Start("Search");
        _store.Add("search", [.. Plan.FirstRuns()]);
    }

    public void Dispose() => _channel.Dispose();

    [Fact]
    public void Whatever_a_renewal_throws_comes_out_as_it_is_once_nobody_trains_any_more()
    {
        var thrown = new InvalidOperationException("The store has a fault.");
        var store = new FaultyStore(_store, thrown);
        int steps = 0;
        SearchWorkers workers = Workers(store, (run, _) =>
        {
            while (true)
            {
                run.Token.ThrowIfCancellationRequested();
                Interlocked.Increment(ref steps);
                Thread.Sleep(5);
            }
        });
        Assert.Same(
            thrown, Assert.Throws<InvalidOperationException>(() => workers.Run(2, TestContext.Current.CancellationToken)));
        int done = Volatile.Read(ref steps);
        Assert.True(done > 0);
        Thread.Sleep(100);
        Assert.Equal(done, Volatile.Read(ref steps));
        Assert.Equal(1, store.Renewals); // none after the one that failed
        Assert.All(
            _store.Read("search"), run => Assert.True(run is { Failures: 0, State: RunState.Open }, $"{run}")); // handed back
    }

    [Fact]
    public void Runs_that_still_write_their_last_checkpoints_keep_their_claims_when_another_has_failed()
    {
        var thrown = new IOException("The disk is full.");
        var store = new FaultyStore(_store);
        int begun = 0;
        bool wasRenewed = false;
        SearchWorkers workers = Workers(store, (run, _) =>
        {
            if (Interlocked.Increment(ref begun) == 1)
            {
                Assert.True(SpinWait.SpinUntil(() => _store.Read("search").Count(each => each.State == RunState.Running) == 2, Limit));
                throw thrown;
            }

            Assert.True(run.Token.WaitHandle.WaitOne(Limit)); // stopped
            int before = store.RenewalsOf(run);
            wasRenewed = SpinWait.SpinUntil(() => store.RenewalsOf(run) > before, Limit);
        });
        Assert.Same(thrown, Assert.Throws<IOException>(() => workers.Run(2, TestContext.Current.CancellationToken)));
        Assert.True(wasRenewed);
    }

    [Fact]
    public void Who_interrupts_the_wait_for_the_workers_leaves_none_behind()
    {
        CancellationToken token = TestContext.Current.CancellationToken;
        using var begun = new CountdownEvent(2);
        int ended = 0;
        SearchWorkers workers = Workers(_store, (run, _) =>
        {
            begun.Signal();
            Assert.True(run.Token.WaitHandle.WaitOne(Limit));
            Thread.Sleep(200); // the checkpoint
            Interlocked.Increment(ref ended);
        });
        (Exception? Fault, int Ended) seen = default;
        var caller = new Thread(() => seen = (Record.Exception(() => workers.Run(2, token)), Volatile.Read(ref ended)));
        caller.Start();
        Assert.True(begun.Wait(Limit, token));
        caller.Interrupt();
        caller.Join();
        Assert.IsType<ThreadInterruptedException>(seen.Fault);
        Assert.Equal(2, seen.Ended);
    }

    [Fact]
    public void Progress_is_reported_by_one_worker_at_a_time()
    {
        var receiver = new Receiver();
        Workers(_store, Reach, receiver).Run(2, TestContext.Current.CancellationToken);
        Assert.False(receiver.WasCalledByTwo);
        Assert.Equal((5, 3, 2), (receiver.Seen[^1].Trials, receiver.Seen[^1].Done, receiver.Seen[^1].Stopped));
    }

    [Fact]
    public void Progress_of_less_than_was_reported_is_left_out()
    {
        var receiver = new Receiver();
        SearchReporter reporter = Reporter(receiver);
        foreach (int reached in new[] { 2, 1, 3 }) reporter.Progress(new Standings(Plan,
        [
            .. Plan.FirstRuns().Select((run, i) => new StoredRun(
                run, i < reached ? RunState.Running : RunState.Open, 1, 0, null, 0, run.Granted, null,
                Outcome(i < reached ? 1 : 0).ToJson(), null)),
        ]));
        Assert.Equal([2, 3], receiver.Seen.Select(progress => progress.Running));
    }

    private static RunOutcome Outcome(int rung) => new()
    {
        Points = [.. Plan.Rungs.Steps.Take(rung).Select(step => new RunOutcome.Point(step, 0.5, [], new Dictionary<string, double>()))],
    };

    private static void Reach(ClaimedRun run, Action<int, RunOutcome> reached)
    {
        for (int rung = run.Claim.Reached + 1; rung <= Plan.Rungs.Count && !run.Token.IsCancellationRequested; rung++)
            reached(rung, Outcome(rung));
    }

    private SearchWorkers Workers(
        ITrialStore store, Action<ClaimedRun, Action<int, RunOutcome>> train, IProgress<SearchProgress>? progress = null) =>
        new(store, "search", TimeSpan.FromMilliseconds(900), Plan, Path.Combine(Path.GetTempPath(), "no checkpoints"), train,
            Reporter(progress));

    private SearchReporter Reporter(IProgress<SearchProgress>? progress)
    {
        var reporter = new SearchReporter(_channel, progress);
        reporter.Begin(Plan, SelectionMetric.AverageAccuracy, [], []);
        return reporter;
    }

    /// <summary>Takes its time, and knows whether somebody else calls meanwhile.</summary>
    private sealed class Receiver : IProgress<SearchProgress>
    {
        private int _callers;

        public List<SearchProgress> Seen { get; } = [];

        public bool WasCalledByTwo { get; private set; }

        public void Report(SearchProgress value)
        {
            if (Interlocked.Increment(ref _callers) > 1) WasCalledByTwo = true;
            Thread.Sleep(20);
            lock (Seen) Seen.Add(value);
            Interlocked.Decrement(ref _callers);
        }
    }

    /// <summary>Knows what was renewed; may fail at that, in a way that no store may.</summary>
    private sealed class FaultyStore(ITrialStore store, Exception? fault = null) : ITrialStore
    {
        private readonly ConcurrentQueue<int> _renewed = new();

        public int Renewals => _renewed.Count;

        public int RenewalsOf(ClaimedRun run) => _renewed.Count(number => number == run.Claim.Run.Number);

        public IReadOnlyDictionary<string, string> Open(string search, IReadOnlyDictionary<string, string> identity) =>
            store.Open(search, identity);

        public void Add(string search, IReadOnlyList<SearchRun> runs) => store.Add(search, runs);

        public RunClaim? Claim(string search, string worker, TimeSpan lease, int failures) =>
            store.Claim(search, worker, lease, failures);

        public bool Renew(RunClaim claim, TimeSpan lease)
        {
            _renewed.Enqueue(claim.Run.Number);
            return fault is null ? store.Renew(claim, lease) : throw fault;
        }

        public bool Report(RunClaim claim, int rung, double score, string outcome) => store.Report(claim, rung, score, outcome);

        public bool Release(RunClaim claim) => store.Release(claim);

        public bool Fail(RunClaim claim, string message, int failures) => store.Fail(claim, message, failures);

        public void Decide(string search, int rung, IReadOnlyList<int> promoted, IReadOnlyList<int> stopped) =>
            store.Decide(search, rung, promoted, stopped);

        public IReadOnlyList<StoredRun> Read(string search) => store.Read(search);
    }
}
