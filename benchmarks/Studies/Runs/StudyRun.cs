namespace Studies;

/// <summary>
/// The command <c>run</c>: a queue of one line, worked off in this process, one run after the other. A fault ends it; what was finished is
/// kept, and the same command goes on from there.
/// </summary>
internal sealed class StudyRun(StudyOptions options, CancellationToken cancellation)
{
    private static readonly HashSet<PlannedRun> GivenUp = []; // none, since a fault ends it
    private readonly FinishedRuns _finished = new(options.Out);

    /// <summary>
    /// Makes what is left, prints the tables of what is asked for, study by study, and writes the report that is asked for.
    /// </summary>
    /// <exception cref="UsageException">The command line asks for what is not there.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    /// <exception cref="InvalidOperationException">Another <c>run</c> or <c>queue</c> works on the folder.</exception>
    public void Run()
    {
        IReadOnlyList<MethodStudy> studies = StudyList.Create(options);
        using FileStream alone = FinishedRuns.Lock(options.Out);
        foreach (MethodStudy study in studies)
        {
            Console.WriteLine($"{study.Name}: {study.Description}");
            var plan = new StudyPlan(study, options.Text);
            foreach (FinishedRun kept in plan.Kept(_finished))
                Console.WriteLine($"{kept.Method} keeps the setting of its final runs: {kept.Settings}; another --out searches anew");
            while (plan.Open(_finished, GivenUp).FirstOrDefault() is { } run) Make(study, run);
            Console.Write(StudyTables.Of([.. plan.Searches(_finished), .. plan.Finals(_finished)]));
            if (options.Report is null) continue;
            string report = ModelPage.Write(options.Report, studies.Count > 1, study, plan.Finals(_finished), cancellation);
            Console.WriteLine($"Report: {report}");
        }
    }

    private void Make(MethodStudy study, PlannedRun run)
    {
        IReadOnlyList<FinishedRun> made = study.Make(run, options.Out, trainings: null, cancellation);
        foreach (FinishedRun finished in made) _finished.Add(finished);
        Console.WriteLine(run.Tell(made));
    }
}
