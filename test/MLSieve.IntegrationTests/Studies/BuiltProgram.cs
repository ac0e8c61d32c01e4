using System.Diagnostics;

namespace MLSieve.Tests;

/// <summary>Runs a program that was built beside the tests, as a user would.</summary>
internal sealed record BuiltProgram(int ExitCode, string Output, string Error)
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    /// <summary>Runs <c>NAME.dll</c> to its end.</summary>
    public static Task<BuiltProgram> RunAsync(string name, params string[] arguments) => RunAsync(name, arguments, interruptWhen: null);

    /// <summary>Runs <c>NAME.dll</c>, and sends it what Ctrl+C sends once something has come about.</summary>
    public static async Task<BuiltProgram> RunAsync(string name, string[] arguments, Func<bool>? interruptWhen)
    {
        var start = new ProcessStartInfo(
            Environment.ProcessPath is { } host && Path.GetFileNameWithoutExtension(host) == "dotnet" ? host : "dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["DOTNET_TieredPGO"] = "0" }, // a process this short ends before its profile pays
        };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, name + ".dll"));
        foreach (string argument in arguments) start.ArgumentList.Add(argument);
        using Process process = Process.Start(start)!;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(Limit);
        try
        {
            Task<string> output = process.StandardOutput.ReadToEndAsync(limit.Token);
            Task<string> error = process.StandardError.ReadToEndAsync(limit.Token);
            if (interruptWhen is not null)
            {
                while (!interruptWhen() && !process.HasExited) await Task.Delay(20, limit.Token);
                using Process kill = Process.Start("kill", ["-INT", FormattableString.Invariant($"{process.Id}")]);
                await kill.WaitForExitAsync(limit.Token);
            }

            await process.WaitForExitAsync(limit.Token);
            return new BuiltProgram(process.ExitCode, await output, await error);
        }
        finally
        {
            if (!process.HasExited) process.Kill(entireProcessTree: true);
        }
    }
}
