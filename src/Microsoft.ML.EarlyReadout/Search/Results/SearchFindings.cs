namespace Microsoft.ML.EarlyReadout;

/// <summary>What a search has found, as its result shows it.</summary>
internal sealed record SearchFindings
{
    private const long FewConflicting = 100; // ± 10 points
    private const double NormalQuantile = 1.96; // 95 %

    public required string Trainer { get; init; }

    public required int Classes { get; init; }

    public required string PlainName { get; init; }

    public required SelectionMetric Metric { get; init; }

    public required IReadOnlyList<int> RungSteps { get; init; }

    public required IReadOnlyList<SearchTrial> Trials { get; init; }

    public required int BestPlain { get; init; }

    public required int? BestOther { get; init; }

    public required SearchGain? Gain { get; init; }

    public required IReadOnlyList<SearchGroup> Groups { get; init; }

    public required bool AreGroupsKnown { get; init; }

    public required IReadOnlyList<string> Warnings { get; init; }

    /// <summary>Reads what the runs of a search that is over have reported.</summary>
    public static SearchFindings Of(
        string trainer, int classes, TrainerOptions options, SearchPlan plan, Standings standings, IReadOnlyList<RowGroup> groups,
        IReadOnlyList<string> warnings)
    {
        SearchTrial[] trials = [.. plan.Trials.Select(trial => Trial(trial, plan, standings))];
        SearchTrial plain = trials[standings.BestPlain?.Number ?? 0];
        SearchTrial? other = standings.BestOther is { } best ? trials[best.Number] : null;
        return new SearchFindings
        {
            Trainer = trainer,
            Classes = classes,
            PlainName = plan.PlainName,
            Metric = options.Selection,
            RungSteps = plan.Rungs.Steps,
            Trials = trials,
            BestPlain = plain.Number,
            BestOther = other?.Number,
            Gain = other is null ? null : GainOf(plain, other),
            Groups = [.. groups.Select(group => new SearchGroup(
                group.Name, group.Training, group.Validation, group.IsConflicting,
                Accuracy(plain, group.Name), Accuracy(other, group.Name)))],
            AreGroupsKnown = options.GroupColumnName is not null,
            Warnings = [.. warnings, .. StillRising(plain, plan)],
        };
    }

    /// <summary>What the rows show before anything is trained, as sentences.</summary>
    /// <param name="groups">The groups.</param>
    /// <param name="areKnown">Whether they are groups rather than classes.</param>
    /// <param name="validatesOnTraining">Whether the validation rows are the training rows.</param>
    public static IEnumerable<string> OfRows(IReadOnlyList<RowGroup> groups, bool areKnown, bool validatesOnTraining)
    {
        if (validatesOnTraining)
        {
            yield return "The validation rows are the training rows: the figure rewards what is learnt by heart, the shortcut included. "
                + "Give rows that are not trained on.";
        }

        if (!areKnown) yield break;
        long conflicting = groups.Where(group => group.IsConflicting).Sum(group => group.Validation);
        if (conflicting == 0)
        {
            yield return "No validation row conflicts with the shortcut: every group that has some is as frequent in training as its label "
                + "and attribute make it, or more. The figure cannot tell a shortcut from the real thing, and what is chosen by it is chosen "
                + "by noise.";
        }
        else if (conflicting < FewConflicting)
        {
            double points = 100 * NormalQuantile * Math.Sqrt(0.25 / conflicting);
            yield return FormattableString.Invariant($"Few validation rows conflict with the shortcut: {conflicting}. An accuracy on so few is ")
                + FormattableString.Invariant($"known to ± {points:F0} points at worst, whatever the number of seeds. More such rows tell more than ")
                + "more trials do.";
        }
    }

    private static SearchTrial Trial(PlannedTrial trial, SearchPlan plan, Standings standings)
    {
        int[] rungs = [.. plan.Rungs.Steps.Take(standings.GrantedTo(trial.Number))];
        RunStanding[] runs = [.. standings.RunsOf(trial.Number)];
        bool isStopped = rungs.Length < plan.Rungs.Count;
        return new SearchTrial
        {
            Number = trial.Number,
            IsPlain = trial.IsPlain,
            Settings = trial.Settings,
            MainRate = trial.MainRate,
            State = runs.Any(run => run.IsLostBefore(rungs[^1]) && run.Outcome.Divergence is not null) ? TrialState.Diverged
                : runs.Any(run => run.IsLostBefore(rungs[^1])) ? TrialState.Failed
                : isStopped ? TrialState.Stopped
                : TrialState.Finished,
            Steps = rungs[^1],
            Figure = standings.FigureOf(trial.Number)!.Value,
            Rungs = [.. rungs.Select((_, i) => standings.FigureOf(trial.Number, i + 1)!.Value)],
            Runs = [.. runs.Select(run => Run(run, rungs))],
            Confirmation = !standings.Confirmed.Contains(trial) ? []
                : [.. standings.ConfirmationOf(trial.Number).Select(run => Run(run, plan.Rungs.Steps))],
        };
    }

    // What a run was trained further than its trial was worth depends on who had time for it, and is not told.
    private static TrialRun Run(RunStanding run, IReadOnlyList<int> rungs)
    {
        RunOutcome outcome = run.Outcome.UpTo(rungs[^1]);
        bool isLost = run.IsLostBefore(rungs[^1]);
        RunOutcome.Point? best = isLost ? null : outcome.BestUpTo(rungs[^1]);
        return new TrialRun
        {
            Seed = run.Stored.Run.Seed,
            Figure = run.FigureAt(rungs[^1])!.Value,
            Rungs = [.. rungs.Select(steps => run.FigureAt(steps)!.Value)],
            Curve = [.. outcome.Points.Select(point => new CurvePoint(point.Step, point.Score, point.Losses))],
            Groups = best is null ? []
                : [.. outcome.Groups.Zip(best.Correct, (group, correct) => new ValidationGroup(group.Name, group.Count, correct))],
            Fault = isLost ? run.Fault : null,
        };
    }

    private static SearchGain GainOf(SearchTrial plain, SearchTrial other)
    {
        bool fresh = other.Confirmation.Count > 0;
        IEnumerable<TrialRun> plains = fresh ? plain.Confirmation : plain.Runs, others = fresh ? other.Confirmation : other.Runs;
        return SearchGain.Of([.. plains.Zip(others, (one, two) => new SeedDifference(one.Seed, one.Figure, two.Figure))], fresh);
    }

    private static double? Accuracy(SearchTrial? trial, string group) => trial is null ? null :
        (trial.Confirmation.Count > 0 ? trial.Confirmation : trial.Runs)
            .SelectMany(run => run.Groups).Where(each => each.Name == group).Select(each => (double?)each.Correct / each.Count).Average();

    // A comparison at a budget at which plain training is still learning says who learns faster.
    private static IEnumerable<string> StillRising(SearchTrial plain, SearchPlan plan)
    {
        const double point = 0.01;
        long lastThird = plan.Rungs.Steps[^1] * 2L / 3;
        double[] rises = [.. plain.Runs.Where(run => run.Fault is null && run.Curve.Any(each => each.Step <= lastThird))
            .Select(run => run.Figure - run.Curve.Where(each => each.Step <= lastThird).Max(each => each.Score))];
        if (rises.Length == 0 || rises.Average() <= point) yield break;
        string name = char.ToUpperInvariant(plan.PlainName[0]) + plan.PlainName[1..];
        yield return FormattableString.Invariant($"{name} has not levelled: its figure still rose by {100 * rises.Average():F1} points in ")
            + "the last third of the steps. Give more steps; until then the search tells who learns faster, not who learns better.";
    }
}
