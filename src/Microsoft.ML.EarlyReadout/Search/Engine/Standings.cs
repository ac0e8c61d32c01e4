namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// Where a search stands by what its runs have reported: what is decided, who is best, whether it is over. A function of the reports
/// alone, in which a figure counts only once all with which it is compared are there: neither the number of workers nor who is faster
/// changes it.
/// </summary>
internal sealed class Standings
{
    private readonly SearchPlan _plan;
    private readonly ILookup<int, RunStanding> _runs;
    private readonly ILookup<int, RunStanding> _confirmation;
    private readonly Dictionary<int, int> _granted = [];

    public Standings(SearchPlan plan, IReadOnlyList<StoredRun> runs)
    {
        _plan = plan;
        RunStanding[] all = [.. runs.Select(RunStanding.Of)];
        _runs = all.Where(run => !plan.IsConfirmation(run.Stored.Run)).ToLookup(run => run.Stored.Run.Trial);
        _confirmation = all.Where(run => plan.IsConfirmation(run.Stored.Run)).ToLookup(run => run.Stored.Run.Trial);
        foreach (PlannedTrial trial in plan.Trials) _granted[trial.Number] = trial.IsPlain ? plan.Rungs.Count : 1;
        Decisions = [.. Decide()];
        if (Decisions.Count < plan.Rungs.Count - 1 || plan.Trials.Any(trial => FigureOf(trial.Number) is null)) return;
        AreCompared = true;
        BestPlain = Best(plan.Trials.Where(trial => trial.IsPlain));
        BestOther = Best(plan.Trials.Where(trial => !trial.IsPlain && _granted[trial.Number] == plan.Rungs.Count));
    }

    /// <summary>The rungs that are decided, in order.</summary>
    public IReadOnlyList<RungDecision> Decisions { get; }

    /// <summary>Whether all that may be compared is there.</summary>
    public bool AreCompared { get; }

    /// <summary>The best plain trial; <see langword="null"/> before <see cref="AreCompared"/>, and where all its runs were lost.</summary>
    public PlannedTrial? BestPlain { get; }

    /// <summary>The best other trial; as <see cref="BestPlain"/>.</summary>
    public PlannedTrial? BestOther { get; }

    /// <summary>The two trials that are to be trained on fresh seeds; none where there is nothing to compare.</summary>
    public IReadOnlyList<PlannedTrial> Confirmed =>
        BestOther is null || _plan.ConfirmationSeeds.Count == 0 ? [] : [BestPlain ?? _plan.Trials[0], BestOther];

    /// <summary>Whether nothing is left to train.</summary>
    public bool IsOver => AreCompared && Confirmed.All(trial =>
        _confirmation[trial.Number].Count(run => run.FigureAt(_plan.Rungs.Steps[^1]) is not null) == _plan.ConfirmationSeeds.Count);

    /// <summary>The rung to which a trial may be trained by what is decided.</summary>
    public int GrantedTo(int trial) => _granted[trial];

    /// <summary>The steps that count of a trial.</summary>
    public long StepsOf(int trial) => _plan.Rungs.Steps[_granted[trial] - 1];

    /// <summary>The runs by which a trial is judged, by seed.</summary>
    public IEnumerable<RunStanding> RunsOf(int trial) => _runs[trial];

    /// <summary>A trial's runs on fresh seeds.</summary>
    public IEnumerable<RunStanding> ConfirmationOf(int trial) => _confirmation[trial];

    /// <summary>The mean of a trial's figures at a rung; <see langword="null"/> where one is missing.</summary>
    public double? FigureOf(int trial, int rung) => Mean(_runs[trial].Select(run => run.FigureAt(_plan.Rungs.Steps[rung - 1])));

    /// <summary>
    /// The mean of a trial's figures at the rung to which it may be trained; <see langword="null"/> where one is missing.
    /// </summary>
    public double? FigureOf(int trial) => FigureOf(trial, _granted[trial]);

    /// <summary>Trials that are trained in full.</summary>
    public int TrialsDone => _plan.Trials.Count(trial => _granted[trial.Number] == _plan.Rungs.Count && FigureOf(trial.Number) is not null);

    /// <summary>Runs that are being trained.</summary>
    public int Running => All.Count(run => run.Stored.State == RunState.Running);

    /// <summary>
    /// The trial with the highest figure, each at the last rung that all its runs have come to; <see langword="null"/>: none has.
    /// </summary>
    public (int Trial, double Figure)? Leader => (
        from trial in _plan.Trials
        let figures = Enumerable.Range(1, _granted[trial.Number]).Select(rung => FigureOf(trial.Number, rung))
        let figure = figures.LastOrDefault(figure => figure is not null)
        where figure is not null
        orderby figure descending, trial.Number
        select ((int, double)?)(trial.Number, figure.Value)).FirstOrDefault();

    /// <summary>The steps that are done of those that count.</summary>
    public long StepsDone => All.Sum(run =>
    {
        long counted = _plan.IsConfirmation(run.Stored.Run) ? _plan.Rungs.Steps[^1] : StepsOf(run.Stored.Run.Trial);
        return run.Fault is null ? Math.Min(counted, run.Outcome.Points.Select(point => point.Step).LastOrDefault()) : counted;
    });

    /// <summary>The steps that the search will come to.</summary>
    public long StepsExpected
    {
        get
        {
            long full = _plan.Rungs.Steps[^1], sum = full * _plan.Seeds.Count * _plan.Trials.Count(trial => trial.IsPlain);
            long running = _plan.Trials.Count(trial => !trial.IsPlain), before = 0;
            foreach (int steps in _plan.Rungs.Steps)
            {
                sum += running * _plan.Seeds.Count * (steps - before);
                running = (running + _plan.Factor - 1) / _plan.Factor;
                before = steps;
            }

            return sum + (2 * full * _plan.ConfirmationSeeds.Count);
        }
    }

    private IEnumerable<RunStanding> All => _runs.Concat(_confirmation).SelectMany(runs => runs);

    private IEnumerable<RungDecision> Decide()
    {
        int[] running = [.. _plan.Trials.Where(trial => !trial.IsPlain).Select(trial => trial.Number)];
        for (int rung = 1; rung < _plan.Rungs.Count; rung++)
        {
            (int Trial, double? Figure)[] figures = [.. running.Select(trial => (trial, FigureOf(trial, rung)))];
            if (figures.Any(each => each.Figure is null)) yield break;
            int[] ranked = [.. figures.OrderByDescending(each => each.Figure).ThenBy(each => each.Trial).Select(each => each.Trial)];
            int kept = (ranked.Length + _plan.Factor - 1) / _plan.Factor;
            running = [.. ranked.Take(kept).Order()];
            foreach (int trial in running) _granted[trial] = rung + 1;
            yield return new RungDecision(rung, running, [.. ranked.Skip(kept).Order()]);
        }
    }

    private PlannedTrial? Best(IEnumerable<PlannedTrial> trials) =>
        trials.Where(trial => _runs[trial.Number].Any(run => run.Fault is null)).MaxBy(trial => FigureOf(trial.Number));

    private static double? Mean(IEnumerable<double?> figures)
    {
        double?[] all = [.. figures];
        return all.Length == 0 || all.Contains(null) ? null : all.Average();
    }
}
