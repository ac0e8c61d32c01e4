using System.Text.Json;

namespace Quickstart;

/// <summary>
/// Writes figures as a JSON list of records {"study", "method", "seed", "metrics": {…}}, the form that the studies write too.
/// </summary>
internal static class RecordsFile
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

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
