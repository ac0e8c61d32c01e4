using System.Diagnostics;

namespace MLSieve.Tests;

/// <summary>Runs test/StockApp, an application without our assemblies, as a process of its own.</summary>
internal static class StockApp
{
    // Both projects have the same folder layout: test/NAME/bin/CONFIGURATION/FRAMEWORK/.
    private static readonly string _program = Path.Combine(
        AppContext.BaseDirectory.Replace("MLSieve.IntegrationTests", "StockApp", StringComparison.Ordinal), "StockApp.dll");

    /// <summary>Scores rows.</summary>
    /// <returns>What the process had loaded: assemblies, then native libraries.</returns>
    public static string[] Run(string folder, string model, string rows, string scores)
    {
        Assert.True(File.Exists(_program), $"'{_program}' is missing; building this project builds it.");
        Assert.DoesNotContain(Directory.EnumerateFiles(Path.GetDirectoryName(_program)!, "*", SearchOption.AllDirectories),
            file => Path.GetFileName(file).Contains("EarlyReadout", StringComparison.Ordinal)
                || Path.GetFileName(file).Contains("TorchSharp", StringComparison.Ordinal));
        using ChildProcess process = ChildProcess.Start(
            new ProcessStartInfo("dotnet", [_program, model, rows, scores]) { WorkingDirectory = folder });
        (int code, string output, string errors) = process.End();
        Assert.True(code == 0, errors);
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
    }
}
