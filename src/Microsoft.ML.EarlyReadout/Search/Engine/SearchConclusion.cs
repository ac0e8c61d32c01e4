namespace Microsoft.ML.EarlyReadout;

/// <summary>From what the runs of a search have reported to what it has found.</summary>
internal static class SearchConclusion
{
    /// <summary>Reads what the runs of a search that is over have reported.</summary>
    public static SearchFindings Of(
        string trainer, int classes, SelectionMetric selection, SearchPlan plan, Standings standings, IReadOnlyList<RowGroup> groups,
        bool areGroupsKnown, IReadOnlyList<string> warnings)
    {
        SearchTrial[] trials = [.. plan.Trials.Select(trial => Trial(trial, plan, standings))];
        SearchTrial plain = trials[standings.BestPlain?.Number ?? 0];
        SearchTrial? other = standings.BestOther is { } best ? trials[best.Number] : null;
        return new SearchFindings
        {
            Trainer = trainer,
            Classes = classes,
            Meters = [.. plan.Trials.SelectMany(trial => standings.RunsOf(trial.Number)).SelectMany(run => run.Outcome.Meters)
                .DistinctBy(meter => meter.Name)],
            PlainName = plan.PlainName,
            Selection = selection,
            RungSteps = plan.Rungs.Steps,
            Multiples = plan.Multiples,
            Trials = trials,
            BestPlain = plain.Number,
            BestOther = other?.Number,
            Gain = other is null ? null : GainOf(plain, other),
            Groups = [.. groups.Select(group => new SearchGroup(
                group.Name, group.Training, group.Validation, group.IsConflicting,
                Accuracy(plain, group.Name), Accuracy(other, group.Name)))],
            AreGroupsKnown = areGroupsKnown,
            Warnings = [.. warnings, .. SearchWarnings.PlainIsLost(plain, plan.PlainName), .. SearchWarnings.StillRising(plain, plan)],
        };
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
            LearningRate = trial.MainRate,
            State = runs.Any(run => run.IsLostBefore(rungs[^1]) && run.Outcome.Divergence is not null) ? TrialState.Diverged
                : runs.Any(run => run.IsLostBefore(rungs[^1])) ? TrialState.Failed
                : isStopped ? TrialState.Stopped
                : TrialState.Finished,
            Steps = rungs[^1],
            Score = standings.FigureOf(trial.Number)!.Value,
            RungScores = [.. rungs.Select((_, i) => standings.FigureOf(trial.Number, i + 1)!.Value)],
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
            Score = run.FigureAt(rungs[^1])!.Value,
            RungScores = [.. rungs.Select(steps => run.FigureAt(steps)!.Value)],
            Curve = [.. outcome.Points.Select(point => new CurvePoint(point.Step, point.Score, point.Losses))],
            Groups = best is null ? []
                : [.. from pair in outcome.Groups.Zip(best.Correct)
                      group pair by pair.First.Name into same // those of one name are one, as in RowGroups
                      select new ValidationGroup(same.Key, same.Sum(each => each.First.Count), same.Sum(each => each.Second))],
            Fault = isLost ? run.Fault : null,
        };
    }

    private static SearchGain GainOf(SearchTrial plain, SearchTrial other)
    {
        bool fresh = other.Confirmation.Count > 0;
        IEnumerable<TrialRun> plains = fresh ? plain.Confirmation : plain.Runs, others = fresh ? other.Confirmation : other.Runs;
        return SearchGain.Of([.. plains.Zip(others, (one, two) => new SeedDifference(one.Seed, one.Score, two.Score))], fresh);
    }

    private static double? Accuracy(SearchTrial? trial, string group) => trial is null ? null :
        (trial.Confirmation.Count > 0 ? trial.Confirmation : trial.Runs)
            .SelectMany(run => run.Groups).Where(each => each.Name == group).Select(each => (double?)each.Correct / each.Count).Average();
}
