using System.Diagnostics;
using System.Text.Json;

namespace MLSieve.Tests;

/// <summary>The command <c>dotnet</c>, as somebody runs it who has nothing but a folder: no setting of the test's own build reaches
/// it.</summary>
internal static class Dotnet
{
    /// <summary>The folders where NuGet keeps what this checkout restored, as a list for an environment variable.</summary>
    public static string RestoredPackages { get; } = ReadRestoredPackages();

    /// <summary>Runs it to its end, and fails if it ends otherwise than expected.</summary>
    /// <param name="folder">Where it is run.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="environment">Environment variables to set.</param>
    /// <param name="exitCode">What it is to end with.</param>
    /// <returns>What it printed.</returns>
    public static async Task<string> RunAsync(
        string folder, IEnumerable<string> arguments, IEnumerable<KeyValuePair<string, string>>? environment = null, int exitCode = 0)
    {
        string[] words = [.. arguments];
        (int code, string printed) = await ToTheEndAsync(folder, words, environment);
        Assert.True(code == exitCode, $"dotnet {string.Join(' ', words)}\n{printed}");
        return printed;
    }

    /// <summary>Runs it to its end, whether it fails or not.</summary>
    /// <param name="folder">Where it is run.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="environment">Environment variables to set.</param>
    /// <returns>Its exit code, and what it printed.</returns>
    public static async Task<(int ExitCode, string Printed)> ToTheEndAsync(
        string folder, IEnumerable<string> arguments, IEnumerable<KeyValuePair<string, string>>? environment = null)
    {
        var start = new ProcessStartInfo("dotnet", arguments) { WorkingDirectory = folder };
        string[] ours = [.. start.Environment.Keys.Where(name => name.StartsWith("MSBUILD", StringComparison.OrdinalIgnoreCase))];
        foreach (string name in ours) start.Environment.Remove(name);
        start.Environment["MSBUILDDISABLENODEREUSE"] = "1"; // no process stays when the test is over
        start.Environment["UseSharedCompilation"] = "false";
        start.Environment["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1";
        foreach ((string name, string value) in environment ?? []) start.Environment[name] = value;
        using ChildProcess process = ChildProcess.Start(start);
        (int code, string output, string errors) = await process.EndAsync(TestContext.Current.CancellationToken);
        return (code, output + errors);
    }

    private static string ReadRestoredPackages()
    {
        using FileStream assets = File.OpenRead(Path.Combine(Repository.Root, "src", "MLSieve", "obj", "project.assets.json"));
        using JsonDocument document = JsonDocument.Parse(assets);
        return string.Join(';', document.RootElement.GetProperty("packageFolders").EnumerateObject().Select(folder => folder.Name));
    }
}
