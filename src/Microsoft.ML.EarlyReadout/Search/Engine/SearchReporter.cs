using System.Diagnostics;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Tells people how a search goes: lines of the log, warnings, progress.</summary>
/// <param name="channel">Where the lines go.</param>
/// <param name="progress">Where progress goes, if anywhere.</param>
internal sealed class SearchReporter(IChannel channel, IProgress<SearchProgress>? progress)
{
    private readonly Lock _lock = new();
    private readonly Lock _progressing = new(); // held while the receiver of progress is at work
    private readonly HashSet<string> _warned = [];
    private readonly Stopwatch _watch = new();
    private SearchPlan? _plan;
    private SelectionMetric _metric;
    private long _stepsAtStart;
    private long _stepsTold;

    /// <summary>Takes what the user's own handlers throw, of the log and of progress: the work that they are told of has not failed.
    /// <see langword="null"/>: it comes out of the call.</summary>
    public Action<Exception>? OnFault { get; set; }

    /// <summary>Begins to tell of a search.</summary>
    /// <param name="plan">The search.</param>
    /// <param name="metric">The figure by which trials are compared.</param>
    /// <param name="findings">What to warn of.</param>
    /// <param name="told">What others have warned of already.</param>
    public void Begin(SearchPlan plan, SelectionMetric metric, IEnumerable<string> findings, IEnumerable<string> told)
    {
        (_plan, _metric) = (plan, metric);
        _warned.UnionWith(told);
        foreach (string finding in findings) Warn(finding);
        Log(FormattableString.Invariant($"{plan.Trials.Count} trials (0 is {plan.PlainName}), {plan.Seeds.Count} seeds each, compared by ")
            + FormattableString.Invariant($"{metric} after {string.Join(", ", plan.Rungs.Steps)} steps; ")
            + FormattableString.Invariant($"{plan.ConfirmationSeeds.Count} fresh seeds confirm."));
    }

    /// <summary>From here on, what is trained tells how long the rest takes. Reading and packing the rows came before.</summary>
    public void Start(Standings standings)
    {
        _stepsAtStart = standings.StepsDone;
        _watch.Start();
    }

    public void Log(string message) => Tell(() =>
    {
        lock (_lock) channel.Info(MessageSensitivity.None, "{0}", message);
    });

    /// <summary>Warns once of each thing, however many runs find it.</summary>
    public void Warn(string message) => Tell(() =>
    {
        lock (_lock)
            if (_warned.Add(message)) channel.Warning(MessageSensitivity.None, "{0}", message);
    });

    public void Reached(RunClaim claim, int rung, double figure, RunOutcome outcome)
    {
        string how = outcome.Divergence is { } divergence
            ? $"diverged, and counts 0. {divergence}"
            : FormattableString.Invariant($"{_plan!.Rungs.Steps[rung - 1]} of {_plan.Rungs.Steps[^1]} steps, {_metric} {figure:F4}.");
        Log($"{Name(claim)}: {how}");
    }

    public void Failed(RunClaim claim, Exception fault) => Warn($"{Name(claim)} failed: {fault.Message}");

    public void WarnRenewalFailed(TrialStoreException fault) => Warn($"A claim could not be renewed: {fault.Message}");

    public void Decided(RungDecision decision, Standings standings)
    {
        int best = decision.Promoted.MaxBy(trial => standings.FigureOf(trial, decision.Rung));
        int compared = decision.Promoted.Count + decision.Stopped.Count;
        int steps = _plan!.Rungs.Steps[decision.Rung - 1];
        string goOn = (compared == 1 ? "trial " : "trials ") + (decision.Promoted.Count == 1 ? "goes on" : "go on");
        Log(FormattableString.Invariant($"After {steps} steps {decision.Promoted.Count} of {compared} {goOn}; ")
            + FormattableString.Invariant($"the best is trial {best} with {_metric} {standings.FigureOf(best, decision.Rung):F4}: ")
            + $"{TrialSettings.ToText(_plan.Trials[best].Settings)}.");
    }

    public void Confirms(Standings standings)
    {
        int best = standings.BestOther!.Number;
        Log(FormattableString.Invariant($"Trial {best} is the best other, with {_metric} {standings.FigureOf(best):F4}; ")
            + FormattableString.Invariant($"it and {_plan!.PlainName} are trained from {_plan.ConfirmationSeeds.Count} fresh seeds."));
    }

    /// <summary>Tells where the search stands, unless another worker has told of more meanwhile.</summary>
    public void Progress(Standings standings)
    {
        if (progress is not { } receiver) return;
        long done = standings.StepsDone, all = standings.StepsExpected;
        (int Trial, double Figure)? leader = standings.Leader;
        Tell(() =>
        {
            lock (_progressing)
            {
                if (done < _stepsTold) return;
                _stepsTold = done;
                TimeSpan? left = done > _stepsAtStart ? _watch.Elapsed * ((double)(all - done) / (done - _stepsAtStart)) : null;
                receiver.Report(new SearchProgress(
                    _plan!.Trials.Count, standings.TrialsDone, standings.Decisions.Sum(decision => decision.Stopped.Count),
                    standings.Running, leader?.Figure, leader?.Trial, left));
            }
        });
    }

    private void Tell(Action tell)
    {
        try
        {
            tell();
        }
        catch (Exception fault) when (OnFault is { } take)
        {
            take(fault);
        }
    }

    private static string Name(RunClaim claim) =>
        FormattableString.Invariant($"Run {claim.Run.Number} (trial {claim.Run.Trial}, seed {claim.Run.Seed})");
}
