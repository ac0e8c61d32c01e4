using System.Runtime.ExceptionServices;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// The workers of one process: each claims a run, trains it, reports, decides what can be decided, and claims the next, until nothing is
/// left to train. The thread that runs them renews their claims.
/// </summary>
internal sealed class SearchWorkers
{
    private const int Failures = 3;
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(1); // what other processes do is seen so late
    private readonly ITrialStore _store;
    private readonly string _name;
    private readonly TimeSpan _lease;
    private readonly SearchPlan _plan;
    private readonly string _folder;
    private readonly Action<ClaimedRun, Action<int, RunOutcome>> _train;
    private readonly SearchReporter _reporter;
    private readonly Lock _advancing = new();
    private readonly object _lock = new();
    private readonly ClaimedRuns _held;
    private long _news;
    private ExceptionDispatchInfo? _fault;

    /// <param name="store">Where the runs are.</param>
    /// <param name="name">The search's name there.</param>
    /// <param name="lease">How long a claim holds.</param>
    /// <param name="plan">The search.</param>
    /// <param name="folder">The folder of its checkpoints.</param>
    /// <param name="train">Trains a run and tells of its rungs.</param>
    /// <param name="reporter">Tells people.</param>
    public SearchWorkers(
        ITrialStore store, string name, TimeSpan lease, SearchPlan plan, string folder, Action<ClaimedRun, Action<int, RunOutcome>> train,
        SearchReporter reporter)
    {
        (_store, _name, _lease, _plan, _folder, _train, _reporter) = (store, name, lease, plan, folder, train, reporter);
        _held = new ClaimedRuns(store, lease, reporter);
    }

    /// <summary>Works until the search is over, or a handler of the user's throws, of the log or of progress: its exception comes out as it
    /// is. No worker is left when it returns.</summary>
    /// <param name="count">The number of workers.</param>
    /// <param name="cancellation">Stops the search.</param>
    /// <exception cref="OperationCanceledException">It was stopped; what was under way is paused and handed back.</exception>
    /// <exception cref="TrialStoreException">The store cannot be reached, read or written.</exception>
    /// <exception cref="IOException">The checkpoint folder cannot be written.</exception>
    public void Run(int count, Cancellation cancellation)
    {
        using var stop = new CancellationTokenSource();
        _reporter.Start(new Standings(_plan, _store.Read(_name)));
        _reporter.OnFault = fault => Stop(stop, fault);
        LibTorchThreads.Begin();
        try
        {
            Attend(Start(count, stop), stop, cancellation);
        }
        finally
        {
            LibTorchThreads.End();
            _reporter.OnFault = null;
        }

        _fault?.Throw();
        if (stop.IsCancellationRequested) cancellation.ThrowIfRequested();
    }

    /// <summary>Starts the workers; where the system has too few threads, the search stops.</summary>
    /// <returns>Those that were started.</returns>
    private List<Thread> Start(int count, CancellationTokenSource stop)
    {
        List<Thread> started = [];
        try
        {
            foreach (int worker in Enumerable.Range(1, count))
            {
                var thread = new Thread(() => Work(worker, stop)) { IsBackground = true };
                thread.Start();
                started.Add(thread);
            }
        }
        catch (Exception fault)
        {
            Stop(stop, fault);
        }

        return started;
    }

    /// <summary>Waits until no worker is left, and renews their claims. What is thrown meanwhile stops the search.</summary>
    private void Attend(List<Thread> workers, CancellationTokenSource stop, Cancellation cancellation)
    {
        bool renews = true;
        while (true)
        {
            try
            {
                if (workers.All(worker => worker.Join(Tick))) return;
                if (!stop.IsCancellationRequested && cancellation.IsRequested) Stop(stop, null);
                if (!renews) continue; // after any other fault runs still write their last checkpoints, and need their claims
                renews = false;
                _held.Renew();
                renews = true;
            }
            catch (Exception fault)
            {
                Stop(stop, fault);
            }
        }
    }

    private void Work(int worker, CancellationTokenSource stop)
    {
        try
        {
            LibTorchThreads.TakeOne();
            string who = FormattableString.Invariant($"{Environment.MachineName}/{Environment.ProcessId}/{worker}");
            while (!stop.IsCancellationRequested)
            {
                long seen = Interlocked.Read(ref _news);
                if (Advance().IsOver) return;
                if (_store.Claim(_name, who, _lease, Failures) is { } claim) Train(claim, stop);
                else Wait(seen);
            }
        }
        catch (Exception fault)
        {
            Stop(stop, fault);
        }
    }

    private void Train(RunClaim claim, CancellationTokenSource stop)
    {
        using var held = new ClaimedRun(claim, stop.Token);
        _held.Add(held);
        bool isOver = false; // finished, failed, or another's
        try
        {
            _train(held, (rung, outcome) => isOver = Report(held, rung, outcome));
        }
        catch (OperationCanceledException) when (held.Token.IsCancellationRequested)
        {
        }
        catch (RunDivergedException divergence)
        {
            isOver = Report(held, _plan.Rungs.Count, divergence.Outcome);
        }
        catch (IOException) when (held.IsLost || !_store.Renew(claim, _lease) || Advance().IsOver)
        {
            held.Lose(); // whoever has the run now, stopped its trial or ended the search has cleared its folder away
        }
        catch (TrialStoreException)
        {
            isOver = true; // a store that is away takes nothing back either; the lease runs out
            throw;
        }
        catch (Exception fault) when (fault is not IOException)
        {
            isOver = true;
            _reporter.Failed(claim, fault);
            _store.Fail(claim, fault.Message, Failures);
        }
        finally
        {
            _held.Remove(held);
            if (_held.IsStopped(claim.Run.Trial)) AttemptFolder.DeleteRun(_folder, claim.Run.Number);
            if (!isOver && !held.IsLost) _store.Release(claim);
            WakeUp();
        }
    }

    /// <returns>Whether there is nothing to hand back any more.</returns>
    private bool Report(ClaimedRun held, int rung, RunOutcome outcome)
    {
        RunClaim claim = held.Claim;
        double figure = outcome.FigureAt(_plan.Rungs.Steps[rung - 1]) ?? 0;
        if (!_store.Report(claim, rung, figure, outcome.ToJson()))
        {
            held.Lose();
            return true;
        }

        _reporter.Reached(claim, rung, figure, outcome);
        Standings standings = Advance();
        _reporter.Progress(standings);
        bool isFinished = rung == _plan.Rungs.Count;
        if (isFinished || Math.Max(claim.Run.Granted, standings.GrantedTo(claim.Run.Trial)) <= rung) held.Pause();
        return isFinished;
    }

    /// <summary>Writes down what can be decided. Whoever does it says the same.</summary>
    private Standings Advance()
    {
        lock (_advancing) return AdvanceAlone();
    }

    private Standings AdvanceAlone()
    {
        IReadOnlyList<StoredRun> runs = _store.Read(_name);
        var standings = new Standings(_plan, runs);
        foreach (RungDecision decision in standings.Decisions)
        {
            if (IsWritten(decision, runs)) continue;
            _store.Decide(_name, decision.Rung, decision.Promoted, decision.Stopped);
            // A run that is trained here has its folder until its worker has let go of it.
            foreach (SearchRun run in runs.Select(run => run.Run).Where(run => decision.Stopped.Contains(run.Trial)))
                if (!_held.Contains(run.Number)) AttemptFolder.DeleteRun(_folder, run.Number);
            _reporter.Decided(decision, standings);
            WakeUp();
        }

        int[] known = [.. runs.Select(run => run.Run.Number)];
        SearchRun[] fresh = [.. standings.Confirmed.SelectMany(trial => _plan.ConfirmationOf(trial)).ExceptBy(known, run => run.Number)];
        if (fresh.Length > 0)
        {
            _store.Add(_name, fresh);
            _reporter.Confirms(standings);
            WakeUp();
        }

        _held.Follow(standings);
        return standings;
    }

    private bool IsWritten(RungDecision decision, IReadOnlyList<StoredRun> runs) => runs.All(run => _plan.IsConfirmation(run.Run)
        || (decision.Promoted.Contains(run.Run.Trial) ? run.Granted > decision.Rung
            : !decision.Stopped.Contains(run.Run.Trial) || run.State is not (RunState.Open or RunState.Running)));

    private void Stop(CancellationTokenSource stop, Exception? fault)
    {
        lock (_lock)
        {
            if (fault is not null) _fault ??= ExceptionDispatchInfo.Capture(fault);
            stop.Cancel();
        }

        WakeUp();
    }

    private void WakeUp()
    {
        lock (_lock)
        {
            _news++;
            Monitor.PulseAll(_lock);
        }
    }

    private void Wait(long seen)
    {
        lock (_lock)
            if (_news == seen) Monitor.Wait(_lock, Poll);
    }
}
