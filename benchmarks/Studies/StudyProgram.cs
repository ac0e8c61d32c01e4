namespace Studies;

/// <summary>Runs the studies that the command line names, records and reports.</summary>
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
        int before = _records.Count;
        foreach (Record record in study.Run(store, cancellation))
        {
            _records.Add(record);
            Save();
        }

        StudyReport.WriteFinal(_records[before..]);
    }

    private void Save()
    {
        if (options.Json is not null) Record.Write(options.Json, _records);
    }
}
