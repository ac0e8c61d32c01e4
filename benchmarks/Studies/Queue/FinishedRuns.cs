namespace Studies;

/// <summary>The finished runs of a queue, a file <c>STUDY.jsonl</c> a study. What is in a file is not run again.</summary>
/// <param name="folder">The folder; made when something is kept.</param>
internal sealed class FinishedRuns(string folder)
{
    private readonly Dictionary<string, List<FinishedRun>> _studies = [];

    /// <summary>All runs that a folder holds, file by file; none where there is no folder.</summary>
    public static IReadOnlyList<FinishedRun> All(string folder)
    {
        if (!Directory.Exists(folder)) return [];
        return
        [
            .. from file in Directory.EnumerateFiles(folder, "*.jsonl").Order(StringComparer.Ordinal)
               where Path.GetFileName(file) is not (ResultStore.FileName or RunStore.FileName)
               from run in JsonLines.Read<FinishedRun>(file, FinishedRun.Line)
               select run,
        ];
    }

    /// <summary>What came of a run, or <see langword="null"/>.</summary>
    public FinishedRun? Find(PlannedRun run) => Of(run.Study).Find(finished => finished.Is(run));

    /// <summary>What came of a method's runs for a purpose, in the order in which they ended.</summary>
    public IEnumerable<FinishedRun> Find(MethodStudy study, Method method, RunPhase phase) => Of(study.Name).Where(finished =>
        (finished.Conditions, finished.Method, finished.Phase) == (study.Conditions, method.Name, phase));

    /// <summary>Whether a run is kept, by all that tells it from others.</summary>
    public bool Has(FinishedRun run) => Of(run.Study).Exists(finished => Identity(finished) == Identity(run));

    /// <summary>Keeps what came of a run.</summary>
    public void Add(FinishedRun run)
    {
        Of(run.Study).Add(run);
        JsonLines.Append(FileOf(run.Study), run, FinishedRun.Line);
    }

    private List<FinishedRun> Of(string study) => _studies.TryGetValue(study, out List<FinishedRun>? runs)
        ? runs
        : _studies[study] = [.. JsonLines.Read<FinishedRun>(FileOf(study), FinishedRun.Line)];

    private static (string, RunPhase, string, string, int, SearchedTrial?) Identity(FinishedRun run) =>
        (run.Conditions, run.Phase, run.Method, run.Settings, run.Seed, run.Trial);

    private string FileOf(string study) => Path.Combine(folder, study + ".jsonl");
}
