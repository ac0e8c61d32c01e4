namespace Studies;

/// <summary>Keeps the results of runs in <c>runs.jsonl</c>, one a line: what was run is not run again.</summary>
internal sealed class RunStore
{
    /// <summary>The file's name.</summary>
    public const string FileName = "runs.jsonl";

    private readonly Dictionary<string, RunResult> _results = [];
    private readonly string _file;
    private readonly string _options;

    /// <summary>Opens the store and reads what is there.</summary>
    /// <param name="folder">The folder; made when something is kept.</param>
    /// <param name="options">The command line, kept with the runs that it makes.</param>
    public RunStore(string folder, string options)
    {
        _file = Path.Combine(folder, FileName);
        _options = options;
        foreach (RunResult result in JsonLines.Read<RunResult>(_file)) _results[result.Key] = result;
    }

    /// <summary>All that is kept, in the order in which it was made.</summary>
    public IReadOnlyCollection<RunResult> Results => _results.Values;

    /// <summary>The kept result, or the one that is made now and kept.</summary>
    public RunResult GetOrRun(string key, Func<RunResult> run)
    {
        if (_results.TryGetValue(key, out RunResult? kept)) return kept;
        RunResult made = run() with { Made = Provenance.Now(_options) };
        _results[key] = made;
        JsonLines.Append(_file, made);
        return made;
    }
}
