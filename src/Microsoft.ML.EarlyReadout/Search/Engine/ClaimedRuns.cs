namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// The runs that the workers of this process are training: keeps their claims, and ends the training of those that nobody needs.
/// </summary>
/// <param name="store">Where the runs are.</param>
/// <param name="lease">How long a claim holds.</param>
/// <param name="reporter">Tells people.</param>
/// <threadsafety>Thread-safe.</threadsafety>
internal sealed class ClaimedRuns(ITrialStore store, TimeSpan lease, SearchReporter reporter)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<int, ClaimedRun> _runs = [];
    private readonly HashSet<int> _stoppedTrials = [];
    private bool _isOver;

    /// <summary>
    /// Adds a run. It may have been decided since it was claimed; or be one that a worker of this process had for longer than it had a
    /// claim, as after a pause of the whole process.
    /// </summary>
    public void Add(ClaimedRun run)
    {
        lock (_lock)
        {
            if (_runs.TryGetValue(run.Claim.Run.Number, out ClaimedRun? before)) before.Lose();
            _runs[run.Claim.Run.Number] = run;
            EndUnneededRuns();
        }
    }

    /// <summary>Takes a run out, before its token is disposed.</summary>
    public void Remove(ClaimedRun run)
    {
        lock (_lock)
            if (Holds(run)) _runs.Remove(run.Claim.Run.Number);
    }

    /// <summary>Whether a run is being trained here.</summary>
    public bool Contains(int number)
    {
        lock (_lock) return _runs.ContainsKey(number);
    }

    /// <summary>Whether a trial is not trained further.</summary>
    public bool IsStopped(int trial)
    {
        lock (_lock) return _stoppedTrials.Contains(trial);
    }

    /// <summary>Takes note of what is decided.</summary>
    public void Follow(Standings standings)
    {
        lock (_lock)
        {
            _stoppedTrials.UnionWith(standings.Decisions.SelectMany(decision => decision.Stopped));
            _isOver = standings.IsOver;
            EndUnneededRuns();
        }
    }

    /// <summary>Renews the claims that are due.</summary>
    public void Renew()
    {
        ClaimedRun[] due;
        long before = Environment.TickCount64 - (long)(lease.TotalMilliseconds / 3);
        lock (_lock) due = [.. _runs.Values.Where(run => !run.IsLost && run.RenewedAt < before)];
        foreach (ClaimedRun run in due)
        {
            run.RenewedAt = Environment.TickCount64;
            try
            {
                if (!store.Renew(run.Claim, lease)) Lose(run);
            }
            catch (TrialStoreException fault)
            {
                reporter.WarnRenewalFailed(fault); // whether the run is lost by then, the next renewal or the report says
                return; // the store was waited for, and is away for the others too
            }
        }
    }

    private bool Holds(ClaimedRun run) => _runs.GetValueOrDefault(run.Claim.Run.Number) == run;

    private void Lose(ClaimedRun run)
    {
        lock (_lock)
            if (Holds(run)) run.Lose();
    }

    private void EndUnneededRuns()
    {
        foreach (ClaimedRun run in _runs.Values)
        {
            if (_stoppedTrials.Contains(run.Claim.Run.Trial)) run.Lose();
            else if (_isOver) run.Pause();
        }
    }
}
