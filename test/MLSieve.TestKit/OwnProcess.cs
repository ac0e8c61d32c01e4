using System.Diagnostics;
using System.Reflection;
using Xunit;

namespace MLSieve.Tests;

/// <summary>
/// Runs one test in a process of its own: what loads native libraries once, measures the process's memory or may end it. This test program
/// runs itself, and there the test alone: to find it among all others would take as long as many of them do.
/// </summary>
public static class OwnProcess
{
    /// <summary>What such a process writes at the end, once its test has passed.</summary>
    public const string Confirmation = "The one test passed.";

    private const string Request = "run-one-test";

    /// <summary>Whether this process was started for one test.</summary>
    /// <param name="args">Its command line.</param>
    public static bool IsAsked(string[] args) => args is [Request, _, _];

    /// <summary>Runs the test that this process was started for.</summary>
    /// <param name="program">The test program.</param>
    /// <param name="args">Its command line.</param>
    /// <returns>The exit code.</returns>
    public static async Task<int> Answer(Assembly program, string[] args)
    {
        ArgumentNullException.ThrowIfNull(program);
        ArgumentNullException.ThrowIfNull(args);
        try
        {
            await Task.Run(() => Run(program.GetType(args[1], throwOnError: true)!, args[2])); // on a thread of the pool, as xunit does
        }
#pragma warning disable CA1031 // whatever a test throws is its failure
        catch (Exception fault)
#pragma warning restore CA1031
        {
            await Console.Out.WriteLineAsync(fault.ToString());
            return 1;
        }

        await Console.Out.WriteLineAsync(Confirmation);
        return 0;
    }

    private static async Task Run(Type type, string test)
    {
        object tests = Activator.CreateInstance(type)!;
        using var _ = tests as IDisposable;
        MethodInfo method = type.GetMethod(test)!;
        if (method.ReturnType != typeof(void) && method.ReturnType != typeof(Task))
            throw new NotSupportedException($"{method} returns what is not waited for.");
        if (method.Invoke(tests, BindingFlags.DoNotWrapExceptions, null, null, null) is Task running) await running;
    }

    /// <summary>Runs a test, and fails if it fails or ends the process.</summary>
    /// <param name="test">The test: a method of <typeparamref name="T"/> with <c>[Fact(Explicit = true)]</c>, which nothing else
    /// runs; it writes to the console.</param>
    /// <param name="environment">Environment variables to set; <see langword="null"/> unsets one.</param>
    /// <returns>What the process wrote.</returns>
    /// <typeparam name="T">The class of the test; its assembly is the program that runs.</typeparam>
    public static string Run<T>(string test, params (string Name, string? Value)[] environment) =>
        Run(typeof(T).Assembly.Location, typeof(T), test, environment);

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
            Path.Combine(app.FullName, Path.GetFileName(program)), typeof(T), test,
            ("MLSIEVE_LIBTORCH", null), ("NUGET_PACKAGES", app.FullName));
        app.Delete(recursive: true);
    }

    private static string Run(string program, Type type, string test, params (string Name, string? Value)[] environment)
    {
        using ChildProcess process = Start(program, type, test, environment);
        (int code, string output, string errors) = process.End();
        Assert.True(Passed(code, output), $"exit code {code}\n{output}\n{errors}");
        return output;
    }

    /// <summary>Starts a test, for a test that does not only wait for it.</summary>
    /// <param name="test">The test: a method of <typeparamref name="T"/> with <c>[Fact(Explicit = true)]</c>.</param>
    /// <param name="environment">Environment variables to set; <see langword="null"/> unsets one.</param>
    /// <typeparam name="T">The class of the test.</typeparam>
    public static ChildProcess Start<T>(string test, params (string Name, string? Value)[] environment) =>
        Start(typeof(T).Assembly.Location, typeof(T), test, environment);

    /// <summary>Whether the test of an ended process ran and passed.</summary>
    /// <param name="exitCode">The exit code.</param>
    /// <param name="output">What the process wrote.</param>
    public static bool Passed(int exitCode, string output)
    {
        ArgumentNullException.ThrowIfNull(output);
        return exitCode == 0 && output.Contains(Confirmation, StringComparison.Ordinal);
    }

    /// <summary>The program and the arguments that run a test, for who starts it in another way.</summary>
    /// <param name="test">The test: a method of <typeparamref name="T"/> with <c>[Fact(Explicit = true)]</c>.</param>
    /// <typeparam name="T">The class of the test.</typeparam>
    public static IReadOnlyList<string> Command<T>(string test) => Command(typeof(T).Assembly.Location, typeof(T), test);

    private static string[] Command(string program, Type type, string test) =>
        [Path.ChangeExtension(program, OperatingSystem.IsWindows() ? ".exe" : null), Request, type.FullName!, test];

    private static ChildProcess Start(string program, Type type, string test, (string Name, string? Value)[] environment)
    {
        string[] command = Command(program, type, test);
        var start = new ProcessStartInfo(command[0], command[1..]);
        foreach ((string name, string? value) in environment)
        {
            if (value is null) start.Environment.Remove(name);
            else start.Environment[name] = value;
        }

        return ChildProcess.Start(start);
    }
}
