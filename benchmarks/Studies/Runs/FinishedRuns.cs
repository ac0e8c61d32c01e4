namespace Studies;

/// <summary>The finished runs of a folder, a file <c>STUDY.jsonl</c> a study. What is in a file is not run again.</summary>
/// <param name="folder">The folder; made when something is kept.</param>
internal sealed class FinishedRuns(string folder)
{
    private const string LockName = "queue.lock";
    private readonly Dictionary<string, List<FinishedRun>> _studies = [];

    /// <summary>All runs that a folder holds, file by file; none where there is no folder.</summary>
    public static IReadOnlyList<FinishedRun> All(string folder)
    {
        if (!Directory.Exists(folder)) return [];
        return
        [
            .. from file in Directory.EnumerateFiles(folder, "*.jsonl").Order(StringComparer.Ordinal)
               from run in JsonLines.Read<FinishedRun>(file, FinishedRun.Line)
               select run,
        ];
    }

    /// <summary>
    /// Keeps other processes from making runs of a folder until it is disposed of: two would make the same runs and mix their lines. The
    /// system lets go of it with the process.
    /// </summary>
    /// <exception cref="InvalidOperationException">Another process has it.</exception>
    public static FileStream Lock(string folder)
    {
        string file = Path.Combine(Directory.CreateDirectory(folder).FullName, LockName);
        try
        {
            return new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException fault) when (File.Exists(file))
        {
            throw new InvalidOperationException(
                $"another `run` or `queue` works on {folder}, since {file} is locked: wait for its end, or give another folder by --out.",
                fault);
        }
    }

    /// <summary>What came of a run, or <see langword="null"/>.</summary>
    public FinishedRun? Find(PlannedRun run) => Of(run.Study).Find(finished => finished.Is(run));

    /// <summary>What came of a study's runs under its conditions, in the order in which they ended.</summary>
    public IEnumerable<FinishedRun> Of(MethodStudy study)
    {
        string conditions = study.Conditions;
        return Of(study.Name).Where(finished => finished.Conditions == conditions);
    }

    /// <summary>What came of a method's runs for a purpose, in the order in which they ended.</summary>
    public IEnumerable<FinishedRun> Find(MethodStudy study, Method method, RunPhase phase) =>
        Of(study).Where(finished => (finished.Method, finished.Phase) == (method.Name, phase));

    /// <summary>Keeps what came of a run, unless it is there: whoever shares in a search is told all of it.</summary>
    /// <returns>Whether it was not there.</returns>
    public bool Add(FinishedRun run)
    {
        if (Of(run.Study).Exists(finished => Identity(finished) == Identity(run))) return false;
        Of(run.Study).Add(run);
        JsonLines.Append(FileOf(run.Study), run, FinishedRun.Line);
        return true;
    }

    private List<FinishedRun> Of(string study) => _studies.TryGetValue(study, out List<FinishedRun>? runs)
        ? runs
        : _studies[study] = [.. JsonLines.Read<FinishedRun>(FileOf(study), FinishedRun.Line)];

    private static (string, RunPhase, string, string, int, SearchedTrial?) Identity(FinishedRun run) =>
        (run.Conditions, run.Phase, run.Method, run.Settings, run.Seed, run.Trial);

    private string FileOf(string study) => Path.Combine(folder, study + ".jsonl");
}
