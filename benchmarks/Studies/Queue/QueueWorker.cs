using System.Diagnostics;
using System.Text.Json;

namespace Studies;

/// <summary>
/// A process of this program that runs what it is given, one run at a time; started when it is first given one, and again where it has
/// died.
/// </summary>
/// <param name="arguments">What follows <c>work</c> on its command line.</param>
/// <param name="threads">Threads of its arithmetic.</param>
/// <param name="temporaryFolder">Its own folder for temporary files: it may be killed, and then leaves them.</param>
internal sealed class QueueWorker(IReadOnlyList<string> arguments, int threads, string temporaryFolder) : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20); // for one that reads images, which no token stops
    private Process? _process;
    private Task<RunAnswer>? _answer;

    /// <summary>Gives it a run and waits for the answer. Call it again once that is there.</summary>
    public Task<RunAnswer> RunAsync(PlannedRun run)
    {
        if (_process is { HasExited: true })
        {
            _process.Dispose();
            _process = null;
        }

        return _answer = AskAsync(_process ??= Start(), run);
    }

    /// <summary>Stops the process: what it trains is given up, a search it pauses. Kills it where that takes long.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_process is null) return;
        try
        {
            _process.StandardInput.Close();
        }
        catch (Exception fault) when (fault is IOException or InvalidOperationException)
        {
            // It has died, and with it what was to be written.
        }

        using var patience = new CancellationTokenSource(Patience);
        try
        {
            await _process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            _process.Kill(entireProcessTree: true);
        }

        await _answer!; // which says that it ended
        _process.Dispose();
    }

    private static async Task<RunAnswer> AskAsync(Process process, PlannedRun run)
    {
        try
        {
            await process.StandardInput.WriteLineAsync(JsonSerializer.Serialize(run, FinishedRun.Line));
            await process.StandardInput.FlushAsync();
            if (await process.StandardOutput.ReadLineAsync() is { } answer)
                return JsonSerializer.Deserialize<RunAnswer>(answer, FinishedRun.Line)!;
        }
        catch (IOException)
        {
            // It ended before it could read.
        }

        await process.WaitForExitAsync();
        return new RunAnswer([], FormattableString.Invariant($"the worker ended with exit code {process.ExitCode}"));
    }

    private Process Start()
    {
        string program = Environment.ProcessPath!;
        var start = new ProcessStartInfo(program) { RedirectStandardInput = true, RedirectStandardOutput = true };
        if (Path.GetFileNameWithoutExtension(program) == "dotnet") start.ArgumentList.Add(typeof(QueueWorker).Assembly.Location);
        foreach (string argument in arguments.Prepend("work")) start.ArgumentList.Add(argument);
        start.Environment.TryAdd("OMP_NUM_THREADS", FormattableString.Invariant($"{threads}"));
        start.Environment["TMPDIR"] = Directory.CreateDirectory(temporaryFolder).FullName;
        return Process.Start(start)!;
    }
}
