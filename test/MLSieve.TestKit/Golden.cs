using System.Text.Json;

namespace MLSieve.Tests;

/// <summary>Values computed elsewhere and kept in test/golden.</summary>
public static class Golden
{
    /// <summary>The path of a golden file beside the test assembly.</summary>
    public static string Path(string file) => System.IO.Path.Combine(AppContext.BaseDirectory, "golden", file);

    /// <summary>A golden JSON file.</summary>
    public static JsonDocument Json(string file) => JsonDocument.Parse(File.ReadAllText(Path(file)));
}
