namespace Microsoft.ML.EarlyReadout;

/// <summary>The store of a search that ends with its process.</summary>
internal sealed class InMemoryTrialStore : ITrialStore
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, IReadOnlyDictionary<string, string>> _identities = [];
    private readonly Dictionary<string, SortedDictionary<int, HeldRun>> _searches = [];

    public IReadOnlyDictionary<string, string> Open(string search, IReadOnlyDictionary<string, string> identity)
    {
        lock (_lock)
        {
            _identities.TryAdd(search, new Dictionary<string, string>(identity));
            return _identities[search];
        }
    }

    public void Add(string search, IReadOnlyList<SearchRun> runs)
    {
        lock (_lock)
        {
            if (!_searches.TryGetValue(search, out SortedDictionary<int, HeldRun>? held)) _searches.Add(search, held = []);
            foreach (SearchRun run in runs) held.TryAdd(run.Number, new HeldRun(run));
        }
    }

    public RunClaim? Claim(string search, string worker, TimeSpan lease, int failures)
    {
        lock (_lock)
        {
            HeldRun[] free = [.. Runs(search).Where(IsFree)];
            foreach (HeldRun run in free.Where(run => run.State == RunState.Running))
            {
                run.State = RunState.Open;
                run.Failures++;
                run.Deaths++;
            }

            foreach (HeldRun run in free.Where(run => run.Failures >= failures)) run.State = RunState.Failed;
            HeldRun? first = (from run in free
                              where run.State == RunState.Open
                              let waits = run.Reached >= run.Granted
                              orderby waits, waits ? -run.Figure : 0, run.Run.Priority, run.Run.Number
                              select run).FirstOrDefault();
            if (first is null) return null;
            first.State = RunState.Running;
            first.Attempt++;
            first.Worker = worker;
            first.LeaseEnds = Now + lease;
            return new RunClaim(search, first.Run, first.Attempt, first.Reached, first.Outcome);
        }
    }

    public bool Renew(RunClaim claim, TimeSpan lease) => Change(claim, run =>
    {
        if (run.State != RunState.Running) return false;
        run.LeaseEnds = Now + lease;
        return true;
    });

    public bool Report(RunClaim claim, int rung, double figure, string outcome)
    {
        claim.CheckReport(rung, figure);
        return Change(claim, run =>
        {
            bool last = rung == run.Run.Rungs;
            if (run.State != RunState.Running) return last && run.Ended == run.Attempt && run.Reached == rung;
            if (rung >= run.Reached) (run.Reached, run.Figure, run.Outcome) = (rung, figure, outcome);
            if (last) run.End(RunState.Finished);
            return true;
        });
    }

    public bool Release(RunClaim claim) => Change(claim, run =>
    {
        if (run.State != RunState.Running) return run.State == RunState.Open && run.Ended == run.Attempt;
        run.End(RunState.Open);
        return true;
    });

    public bool Fail(RunClaim claim, string message, int failures) => Change(claim, run =>
    {
        if (run.State != RunState.Running) return run.State is (RunState.Open or RunState.Failed) && run.Ended == run.Attempt;
        run.Failures++;
        run.Message = message;
        run.End(run.Failures >= failures ? RunState.Failed : RunState.Open);
        return true;
    });

    public void Decide(string search, int rung, IReadOnlyList<int> promoted, IReadOnlyList<int> stopped)
    {
        lock (_lock)
        {
            foreach (HeldRun run in Runs(search))
            {
                if (promoted.Contains(run.Run.Trial)) run.Granted = Math.Max(run.Granted, Math.Min(rung + 1, run.Run.Rungs));
                if (stopped.Contains(run.Run.Trial) && run.State != RunState.Failed) run.State = RunState.Stopped;
            }
        }
    }

    public IReadOnlyList<StoredRun> Read(string search)
    {
        lock (_lock)
        {
            return [.. Runs(search).Select(run => run.Stored)];
        }
    }

    private static TimeSpan Now => TimeProvider.System.GetElapsedTime(0);

    private static bool IsFree(HeldRun run) => run.State == RunState.Open || (run.State == RunState.Running && run.LeaseEnds < Now);

    private IEnumerable<HeldRun> Runs(string search) =>
        _searches.TryGetValue(search, out SortedDictionary<int, HeldRun>? held) ? held.Values : [];

    /// <summary>Changes a run, unless somebody has claimed it since.</summary>
    private bool Change(RunClaim claim, Func<HeldRun, bool> change)
    {
        lock (_lock)
        {
            return _searches.TryGetValue(claim.Search, out SortedDictionary<int, HeldRun>? held)
                && held.TryGetValue(claim.Run.Number, out HeldRun? run)
                && run.Attempt == claim.Attempt
                && change(run);
        }
    }

    /// <summary>A run, as it changes.</summary>
    private sealed class HeldRun(SearchRun run)
    {
        public SearchRun Run { get; } = run;

        public RunState State { get; set; }

        public int Attempt { get; set; }

        /// <summary>The last attempt that gave the run back itself: what it says again is no news, and still true.</summary>
        public int Ended { get; private set; }

        public int Failures { get; set; }

        public int Deaths { get; set; }

        public string? Worker { get; set; }

        public TimeSpan LeaseEnds { get; set; }

        public int Reached { get; set; }

        public int Granted { get; set; } = run.Granted;

        public double? Figure { get; set; }

        public string? Outcome { get; set; }

        public string? Message { get; set; }

        public StoredRun Stored =>
            new(Run, State, Attempt, Failures, Worker, Reached, Granted, Figure, Outcome, StoredRun.MessageOf(Message, Deaths));

        public void End(RunState state) => (State, Ended) = (state, Attempt);
    }
}
