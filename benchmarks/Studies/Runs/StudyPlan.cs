namespace Studies;

/// <summary>
/// The runs of one study in the order of their worth: method by method, each setting on the seeds of the search, then, once those are
/// there, the chosen setting on the seeds of the final runs. Where the library searches a method's settings, that search stands in place
/// of its runs. A method with one setting has nothing to choose: it has no search, and its final runs wait for nothing.
/// </summary>
/// <param name="study">The study.</param>
/// <param name="command">The line of a queue, or the command line, that it comes from.</param>
internal sealed class StudyPlan(MethodStudy study, string command)
{
    /// <summary>What is left and can be run now.</summary>
    /// <param name="finished">What has been run.</param>
    /// <param name="givenUp">What failed too often: it is not run again, and its setting is never chosen.</param>
    public IEnumerable<PlannedRun> Open(FinishedRuns finished, IReadOnlySet<PlannedRun> givenUp)
    {
        foreach (Method method in study.Asked())
        {
            PlannedRun[] searches = [.. Named(method).Where(IsLeft)];
            foreach (PlannedRun run in searches) yield return run;
            if (searches.Length > 0) continue;
            if (Choose(method, finished) is not { } chosen)
            {
                if (method.Settings is not null && Share(method, finished) is { } share && !givenUp.Contains(share)) yield return share;
                continue;
            }

            foreach (PlannedRun run in study.FinalSeeds.Select(seed => Run(method, RunPhase.Final, chosen.Setting, seed)).Where(IsLeft))
                yield return run;
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
            .OrderByDescending(tried => tried.Figures.Average())
            .FirstOrDefault().Candidate;

        double? Figure(Candidate candidate, int seed) => finished.Find(Run(method, RunPhase.Search, candidate.Setting, seed))?.Primary;
    }

    /// <summary>
    /// Of each method that the library searches and whose final runs keep a setting that the search asked for has not chosen, the last
    /// final run.
    /// </summary>
    public IEnumerable<FinishedRun> Kept(FinishedRuns finished) =>
        from method in study.Asked()
        where method.Settings is not null
        from final in finished.Find(study, method, RunPhase.Final).TakeLast(1)
        where final.Settings != SearchedTrial.Choose(Searched(method, finished))
        select final;

    /// <summary>
    /// The runs of the search that are there: of a method that names its settings those of the settings and seeds that are asked for.
    /// </summary>
    public IEnumerable<FinishedRun> Searches(FinishedRuns finished) =>
        from method in study.Asked()
        from run in method.Settings is null
            ? Named(method).Select(planned => finished.Find(planned)).OfType<FinishedRun>()
            : finished.Find(study, method, RunPhase.Search)
        select run;

    /// <summary>The final runs of the seeds asked for that are there, of each method at the setting that is chosen.</summary>
    public IEnumerable<FinishedRun> Finals(FinishedRuns finished) =>
        from method in study.Asked()
        let setting = Choose(method, finished)?.Setting
        from run in finished.Find(study, method, RunPhase.Final)
        where run.Settings == setting && study.FinalSeeds.Contains(run.Seed)
        select run;

    // A run of each setting that the method names, on each seed of the search; none where there is one, since nothing is chosen.
    private IEnumerable<PlannedRun> Named(Method method) => method.Candidates.Count == 1
        ? []
        : from seed in study.SearchSeeds
          from candidate in method.Candidates
          select Run(method, RunPhase.Search, candidate.Setting, seed);

    private PlannedRun Run(Method method, RunPhase phase, string setting, int seed) =>
        new(command, study.Name, study.Conditions, phase, method.Name, setting, seed);

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
        return Run(method, RunPhase.Search, asked, study.SearchSeeds.First()) with { IsShared = true };
    }
}
