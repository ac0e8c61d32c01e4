namespace Studies;

/// <summary>
/// The runs of one study in the order of their worth: method by method, each setting on the seeds of the search, then, once those are
/// there, the chosen setting on the seeds of the final runs. Where the library searches a method's settings, that search stands in place
/// of its runs. A method with one setting has nothing to choose, so its final runs wait for nothing; it is run on the search's seeds too,
/// to compare with.
/// </summary>
/// <param name="study">The study.</param>
/// <param name="command">The line of the queue that it comes from.</param>
internal sealed class StudyPlan(MethodStudy study, string command)
{
    /// <summary>What is left and can be run now.</summary>
    /// <param name="finished">What has been run.</param>
    /// <param name="givenUp">What failed too often: it is not run again, and its setting is never chosen.</param>
    public IEnumerable<PlannedRun> Open(FinishedRuns finished, IReadOnlySet<PlannedRun> givenUp)
    {
        foreach (Method method in study.Asked())
        {
            PlannedRun[] searches =
            [
                .. from seed in study.SearchSeeds
                   from candidate in method.Candidates
                   select Run(RunPhase.Search, candidate.Setting, seed) into run
                   where IsLeft(run)
                   select run,
            ];
            foreach (PlannedRun run in searches) yield return run;
            if (method.Candidates.Count > 1 && searches.Length > 0) continue;
            if (Choose(method, finished) is not { } chosen)
            {
                if (method.Settings is not null && Share(method, finished) is { } share && !givenUp.Contains(share)) yield return share;
                continue;
            }

            foreach (PlannedRun run in study.FinalSeeds.Select(seed => Run(RunPhase.Final, chosen.Setting, seed)).Where(IsLeft))
                yield return run;

            PlannedRun Run(RunPhase phase, string setting, int seed) =>
                new(command, study.Name, study.Conditions, phase, method.Name, setting, seed);
        }

        bool IsLeft(PlannedRun run) => finished.Find(run) is null && !givenUp.Contains(run);
    }

    /// <summary>
    /// The setting with the best mean on validation rows over the seeds of the search, the first of equals; <see langword="null"/> where
    /// none has figures for all. Where the library searches, final runs that are there keep their setting, whatever search chose it.
    /// </summary>
    public Candidate? Choose(Method method, FinishedRuns finished)
    {
        if (method.Settings is not null)
        {
            string? setting = finished.Find(study, method, RunPhase.Final).LastOrDefault()?.Settings
                ?? SearchedTrial.Choose(Searched(method, finished));
            return setting is null ? null : method.At(setting);
        }

        if (method.Candidates.Count == 1) return method.Candidates[0];
        return method.Candidates
            .Select(candidate => (Candidate: candidate, Figures: study.SearchSeeds.Select(seed => Figure(candidate, seed)).ToArray()))
            .Where(tried => tried.Figures.All(figure => figure is not null))
            .MaxBy(tried => tried.Figures.Average()).Candidate;

        double? Figure(Candidate candidate, int seed) =>
            finished.Find(new(command, study.Name, study.Conditions, RunPhase.Search, method.Name, candidate.Setting, seed))?.Primary;
    }

    private FinishedRun[] Searched(Method method, FinishedRuns finished)
    {
        string asked = new MethodSearch(study, method).Asked;
        return [.. finished.Find(study, method, RunPhase.Search).Where(run => run.Trial?.Search == asked)];
    }

    // None once the search is over: that all its settings diverged is no reason to make it again.
    private PlannedRun? Share(Method method, FinishedRuns finished)
    {
        if (SearchedTrial.IsWhole(Searched(method, finished))) return null;
        string asked = new MethodSearch(study, method).Asked;
        return new PlannedRun(command, study.Name, study.Conditions, RunPhase.Search, method.Name, asked, study.SearchSeeds.First())
        {
            IsShared = true,
        };
    }
}
