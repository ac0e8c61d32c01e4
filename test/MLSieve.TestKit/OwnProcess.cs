using System.Diagnostics;
using Xunit;

namespace MLSieve.Tests;

/// <summary>
/// Runs one test in a process of its own: what loads native libraries once, measures the process's memory or may end it. This test program
/// runs itself.
/// </summary>
public static class OwnProcess
{
    /// <summary>Runs a test, and fails if it fails or ends the process.</summary>
    /// <param name="test">The test: a method of <typeparamref name="T"/> with <c>[Fact(Explicit = true)]</c>, which nothing else
    /// runs.</param>
    /// <param name="environment">Environment variables to set; <see langword="null"/> unsets one.</param>
    /// <returns>What the process wrote.</returns>
    /// <typeparam name="T">The class of the test; its assembly is the program that runs.</typeparam>
    public static string Run<T>(string test, params (string Name, string? Value)[] environment) =>
        Run(typeof(T).Assembly.Location, $"{typeof(T).FullName}.{test}", environment);

    /// <summary>As <see cref="Run{T}"/>, of a copy of the test program that finds no native library: neither libtorch nor ONNX
    /// Runtime.</summary>
    /// <param name="test">The test: a method of <typeparamref name="T"/> with <c>[Fact(Explicit = true)]</c>.</param>
    /// <typeparam name="T">The class of the test.</typeparam>
    public static void RunWithoutNatives<T>(string test)
    {
        DirectoryInfo app = Directory.CreateTempSubdirectory("app-without-natives-");
        string program = typeof(T).Assembly.Location, folder = Path.GetDirectoryName(program)!;
        // Without a .deps.json the program takes what lies beside it.
        foreach (string file in Directory.EnumerateFiles(folder)
            .Where(file => file == Path.ChangeExtension(program, null) || file.EndsWith(".dll", StringComparison.Ordinal)
                || file.EndsWith(".runtimeconfig.json", StringComparison.Ordinal)))
            File.Copy(file, Path.Combine(app.FullName, Path.GetFileName(file)));
        Run(
            Path.Combine(app.FullName, Path.GetFileName(program)), $"{typeof(T).FullName}.{test}",
            ("MLSIEVE_LIBTORCH", null), ("NUGET_PACKAGES", app.FullName));
        app.Delete(recursive: true);
    }

    private static string Run(string program, string method, params (string Name, string? Value)[] environment)
    {
        using Process process = Start(program, method, environment);
        Task<string> errors = process.StandardError.ReadToEndAsync();
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.True(Passed(process, output), $"exit code {process.ExitCode}\n{output}\n{errors.Result}");
        return output;
    }

    /// <summary>Starts a test, for a test that does not only wait for it. Its output has to be read.</summary>
    /// <param name="test">The test: a method of <typeparamref name="T"/> with <c>[Fact(Explicit = true)]</c>.</param>
    /// <param name="environment">Environment variables to set; <see langword="null"/> unsets one.</param>
    /// <typeparam name="T">The class of the test.</typeparam>
    public static Process Start<T>(string test, params (string Name, string? Value)[] environment) =>
        Start(typeof(T).Assembly.Location, $"{typeof(T).FullName}.{test}", environment);

    /// <summary>Whether the test of an ended process ran and passed.</summary>
    public static bool Passed(Process process, string output)
    {
        ArgumentNullException.ThrowIfNull(process);
        ArgumentNullException.ThrowIfNull(output);
        return process.ExitCode == 0 && output.Contains("Total: 1,", StringComparison.Ordinal);
    }

    private static Process Start(string program, string method, (string Name, string? Value)[] environment)
    {
        var start = new ProcessStartInfo(Path.ChangeExtension(program, OperatingSystem.IsWindows() ? ".exe" : null))
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (string argument in new[] { "-method", method, "-explicit", "only", "-noColor", "-showLiveOutput" })
            start.ArgumentList.Add(argument);
        foreach ((string name, string? value) in environment)
        {
            if (value is null) start.Environment.Remove(name);
            else start.Environment[name] = value;
        }

        return Process.Start(start)!;
    }
}
