using System.Diagnostics;

namespace Studies;

/// <summary>Does what the command line asks for.</summary>
internal sealed class StudyProgram(StudyOptions options, CancellationToken cancellation)
{
    /// <summary>Runs the command.</summary>
    /// <returns>The exit code: 1 where <c>check</c> found images that cannot be read, or <c>queue</c> gave runs up.</returns>
    /// <exception cref="UsageException">The command line asks for what is not there.</exception>
    public int Run()
    {
        switch (options.Command)
        {
            case "list": List(); return 0;
            case "run": new StudyRun(options, cancellation).Run(); return 0;
            case "queue": return new StudyQueue(options, cancellation).RunAsync().GetAwaiter().GetResult();
            case "work": new QueueWork(options, cancellation).Run(); return 0;
            case "table": Table(); return 0;
            case "page": ResultsPage.Write(options.Page, FinishedRuns.All(options.Out)); return 0;
            case "maps": new MapPage(options, cancellation).Write(); return 0;
            case "find": new ShortcutSearch(options, cancellation).Run(); return 0;
            case "check": return new DataSetCheck(options, cancellation).Run();
            default: throw new UnreachableException($"{nameof(StudyOptions)} knows no command {options.Command}.");
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
        IReadOnlyList<FinishedRun> runs = FinishedRuns.All(options.Out);
        if (runs.Count == 0) throw new InvalidOperationException("No runs to make tables of: run a study first, with the same --out.");
        Console.Write(ResultsPage.Tables(runs));
    }
}
