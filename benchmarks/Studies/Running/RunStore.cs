using System.Text.Json;

namespace Studies;

/// <summary>Keeps the results of runs, in memory and, where a folder is given, in <c>runs.jsonl</c> there, one a line: what was run is not run again.</summary>
internal sealed class RunStore
{
    private readonly Dictionary<string, RunResult> _results = [];
    private readonly string? _file;

    /// <summary>Opens the store and reads what is there.</summary>
    /// <param name="folder">The folder, or <see langword="null"/> to keep nothing beyond this process.</param>
    public RunStore(string? folder)
    {
        if (folder is null) return;
        Directory.CreateDirectory(folder);
        _file = Path.Combine(folder, "runs.jsonl");
        if (!File.Exists(_file)) return;
        foreach (string line in File.ReadLines(_file))
        {
            RunResult result = JsonSerializer.Deserialize<RunResult>(line) ?? throw new InvalidDataException($"{_file}: a line is not a run: {line}");
            _results[result.Key] = result;
        }
    }

    /// <summary>The kept result, or the one that is made now and kept.</summary>
    public RunResult GetOrRun(string key, Func<RunResult> run)
    {
        if (_results.TryGetValue(key, out RunResult? kept)) return kept;
        RunResult made = run();
        _results[key] = made;
        if (_file is not null) File.AppendAllText(_file, JsonSerializer.Serialize(made) + "\n");
        return made;
    }
}
