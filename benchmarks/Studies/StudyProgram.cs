namespace Studies;

/// <summary>Search, final runs, report, for each study that the command line names.</summary>
internal sealed class StudyProgram(StudyOptions options, CancellationToken cancellation)
{
    private readonly List<Record> _records = [];

    /// <summary>Runs the studies.</summary>
    /// <exception cref="UsageException">The command line asks for what is not there.</exception>
    public void Run()
    {
        IReadOnlyList<Study> studies = StudyList.Create(options);
        Save();
        var store = new RunStore(options.Out);
        foreach (Study study in studies) Run(study, store);
    }

    private void Run(Study study, RunStore store)
    {
        Console.WriteLine($"{study.Name}: {study.Description}");
        var runner = new StudyRunner(study, options, store, cancellation);
        var search = new SettingSearch(study, options, runner);
        int before = _records.Count;
        foreach (Choice choice in Choose(study, search))
        {
            foreach ((string method, Setting setting) in Methods(choice))
            {
                Console.WriteLine($"{method}{choice.Criterion.Suffix}, chosen by {choice.Criterion.Name}: {setting}");
                for (int seed = 1; seed <= options.Seeds; seed++)
                    Add(study, method + choice.Criterion.Suffix, seed, setting, options.NoSearch ? "given" : choice.Criterion.Figure, runner.Final(choice.Criterion, setting, seed));
            }
        }

        StudyReport.WriteFinal(_records[before..]);
    }

    private IEnumerable<Choice> Choose(Study study, SettingSearch search)
    {
        if (options.NoSearch) return [search.Take(Criterion.Asked(options, study)[0] with { Suffix = "" })];
        Choice[] choices = [.. Criterion.Asked(options, study).Select(search.Choose)];
        StudyReport.WriteTrials(search.Trials);
        return choices;
    }

    // Where "no forgetting" is chosen, the best setting that forgets is run as well, under a name that says so.
    private IEnumerable<(string Method, Setting Setting)> Methods(Choice choice)
    {
        if (options.Method != "sieve") yield return ("plain", choice.Plain);
        if (options.Method == "plain") yield break;
        yield return ("sieve", choice.Sieve);
        if (choice.Sieve.IsPlain && choice.Forgetting is not null) yield return ("sieve-forced", choice.Forgetting);
    }

    private void Add(Study study, string method, int seed, Setting setting, string selectedBy, RunResult result)
    {
        _records.Add(new Record
        {
            Study = study.Name,
            Method = method,
            Seed = seed,
            Metrics = result.Test,
            Validation = result.Validation,
            Setting = setting.ToString(),
            SelectedBy = selectedBy,
            Conditions = result.Key[..result.Key.IndexOf(" |", StringComparison.Ordinal)],
            Diverged = result.Diverged,
            Log = result.Log,
            FitSeconds = result.FitSeconds,
        });
        Save();
    }

    private void Save()
    {
        if (options.Json is not null) Record.Write(options.Json, _records);
    }
}
