using System.Diagnostics;
using Xunit;

namespace MLSieve.Tests;

/// <summary>Runs a program that was built beside the tests, as a user would.</summary>
internal sealed record BuiltProgram(int ExitCode, string Output, string Error)
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    /// <summary>Starts <c>NAME.dll</c>, for a test that does not only wait for it.</summary>
    public static ChildProcess Start(string name, params string[] arguments) => ChildProcess.Start(Command(name, arguments));

    /// <summary>Runs <c>NAME.dll</c> to its end.</summary>
    public static Task<BuiltProgram> RunAsync(string name, params string[] arguments) => RunAsync(name, arguments, interruptWhen: null);

    /// <summary>Runs <c>NAME.dll</c>, and sends it what Ctrl+C sends once something has come about.</summary>
    /// <param name="name">The program.</param>
    /// <param name="arguments">Its command line.</param>
    /// <param name="interruptWhen">Whether it has come about.</param>
    /// <param name="libTorch">The folder that is named for libtorch; <see langword="null"/>: as in this process.</param>
    public static async Task<BuiltProgram> RunAsync(
        string name, string[] arguments, Func<bool>? interruptWhen, string? libTorch = null)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(Limit);
        ProcessStartInfo command = Command(name, arguments);
        if (libTorch is not null) command.Environment["MLSIEVE_LIBTORCH"] = libTorch;
        using ChildProcess process = ChildProcess.Start(command);
        if (interruptWhen is not null)
        {
            while (!interruptWhen() && !process.HasExited) await Task.Delay(20, limit.Token);
            process.Send("INT");
        }

        (int code, string output, string error) = await process.EndAsync(limit.Token);
        return new BuiltProgram(code, output, error);
    }

    private static ProcessStartInfo Command(string name, string[] arguments)
    {
        string program = Path.Combine(AppContext.BaseDirectory, name + ".dll");
        string host = Environment.ProcessPath is { } own && Path.GetFileNameWithoutExtension(own) == "dotnet" ? own : "dotnet";
        return new ProcessStartInfo(host, [program, .. arguments])
        {
            Environment = { ["DOTNET_TieredPGO"] = "0" }, // a process this short ends before its profile pays
        };
    }
}
