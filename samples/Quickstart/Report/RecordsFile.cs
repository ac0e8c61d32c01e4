using System.Text.Json;

namespace Quickstart;

/// <summary>
/// Writes figures as a JSON list of records {"study", "method", "seed", "metrics": {…}}: fields that the lines of the studies have too.
/// </summary>
internal static class RecordsFile
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>Makes sure that the file can be written. One that is there keeps its figures until there are new ones.</summary>
    public static void Prepare(string path, string study)
    {
        if (File.Exists(path)) File.OpenWrite(path).Dispose();
        else Write(path, study, []);
    }

    /// <summary>Writes the records of the runs; the folder is made where it is missing.</summary>
    public static void Write(string path, string study, IReadOnlyList<Run> runs)
    {
        string? folder = Path.GetDirectoryName(Path.GetFullPath(path));
        if (folder is not null) Directory.CreateDirectory(folder);
        var records = runs.Select(run => new
        {
            study,
            method = run.Method.Name,
            seed = run.Seed,
            metrics = Figure.All.ToDictionary(figure => figure.Name, figure => figure.Value(run)),
        });
        File.WriteAllText(path, JsonSerializer.Serialize(records, Indented) + "\n");
    }
}
