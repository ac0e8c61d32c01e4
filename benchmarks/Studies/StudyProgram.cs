namespace Studies;

/// <summary>Does what the command line asks for.</summary>
internal sealed class StudyProgram(StudyOptions options, CancellationToken cancellation)
{
    private readonly List<Record> _records = [];

    /// <summary>Runs the command.</summary>
    /// <returns>The exit code: 1 where <c>check</c> found images that cannot be read, <c>queue</c> gave runs up, or <c>devices</c> found
    /// one that computes something else.</returns>
    /// <exception cref="UsageException">The command line asks for what is not there.</exception>
    public int Run()
    {
        switch (options.Command)
        {
            case "list": List(); return 0;
            case "table": Table(); return 0;
            case "page": ResultsPage.Write(options.Page, FinishedRuns.All(options.Out)); return 0;
            case "maps": new MapPage(options, cancellation).Write(); return 0;
            case "find": new ShortcutSearch(options, cancellation).Run(); return 0;
            case "check": return new DataSetCheck(options, cancellation).Run();
            case "queue": return new StudyQueue(options, cancellation).RunAsync().GetAwaiter().GetResult();
            case "work": new QueueWork(options, cancellation).Run(); return 0;
            case "devices": return Devices.Run();
            default: RunNamed(); return 0;
        }
    }

    private void List()
    {
        foreach (StudyEntry entry in StudyList.All)
        {
            string data = entry.Folders.Count == 0
                ? "generated"
                : entry.Missing(options) is { Count: > 0 } missing ? $"missing: {string.Join(", ", missing)}" : "there";
            Console.WriteLine($"{entry.Name.PadRight(StudyList.LongestName)} {entry.Question} (data: {data})");
        }
    }

    private void Table()
    {
        IReadOnlyList<FinishedRun> queued = FinishedRuns.All(options.Out);
        IReadOnlyList<Record> records = new ResultStore(options.Out).Records;
        if (queued.Count > 0) Console.Write(ResultsPage.Tables(queued));
        if (queued.Count == 0 || records.Count > 0)
            Console.Write(ResultTables.Of(records, new RunStore(options.Out, options.Text).Results));
    }

    private void RunNamed()
    {
        IReadOnlyList<MethodStudy> studies = StudyList.Create(options);
        Save();
        var runs = new RunStore(options.Out, options.Text);
        var results = new ResultStore(options.Out);
        foreach (MethodStudy study in studies)
        {
            IReadOnlyList<Record> records = Run(study, runs, results);
            if (options.Report is not null)
                Console.WriteLine($"Report: {ModelPage.Write(options.Report, studies.Count > 1, study, records, cancellation)}");
        }
    }

    private IReadOnlyList<Record> Run(MethodStudy study, RunStore runs, ResultStore results)
    {
        Console.WriteLine($"{study.Name}: {study.Description}");
        int before = _records.Count;
        foreach (Record record in study.Run(runs, cancellation))
        {
            _records.Add(record);
            results.Add(record);
            Save();
        }

        StudyReport.WriteFinal(_records[before..]);
        return _records[before..];
    }

    private void Save()
    {
        if (options.Json is not null) Record.Write(options.Json, _records);
    }
}
