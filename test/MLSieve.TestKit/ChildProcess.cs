using System.Diagnostics;

namespace MLSieve.Tests;

/// <summary>A process that a test starts: what it writes is read all along, so that no full pipe stops it, and it does not outlive the
/// test.</summary>
public sealed class ChildProcess : IDisposable
{
    private readonly Process _process;
    private readonly Task<string> _output;
    private readonly Task<string> _errors;

    private ChildProcess(Process process)
    {
        _process = process;
        _output = process.StandardOutput.ReadToEndAsync();
        _errors = process.StandardError.ReadToEndAsync();
    }

    /// <summary>Its number in the system.</summary>
    public int Id => _process.Id;

    /// <summary>Whether it has ended.</summary>
    public bool HasExited => _process.HasExited;

    /// <summary>Starts one.</summary>
    /// <param name="start">The program with its arguments, folder and environment.</param>
    public static ChildProcess Start(ProcessStartInfo start)
    {
        ArgumentNullException.ThrowIfNull(start);
        (start.RedirectStandardOutput, start.RedirectStandardError) = (true, true);
        return new ChildProcess(Process.Start(start)!);
    }

    /// <summary>Sends a signal to a process.</summary>
    /// <param name="process">The process.</param>
    /// <param name="signal">The signal, such as <c>INT</c>.</param>
    public static void Send(int process, string signal)
    {
        using Process kill = Process.Start("kill", [$"-{signal}", FormattableString.Invariant($"{process}")]);
        kill.WaitForExit();
    }

    /// <summary>Sends it a signal.</summary>
    /// <param name="signal">The signal, such as <c>INT</c>.</param>
    public void Send(string signal) => Send(Id, signal);

    /// <summary>Ends it at once, by SIGKILL where there are signals.</summary>
    public void Kill() => _process.Kill();

    /// <summary>Waits for its end alone, not for that of what it has started, which may hold its output.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    public Task ExitAsync(CancellationToken cancellationToken) => _process.WaitForExitAsync(cancellationToken);

    /// <summary>Waits for its end.</summary>
    /// <returns>The exit code and what it wrote.</returns>
    public (int ExitCode, string Output, string Errors) End()
    {
        _process.WaitForExit();
        return (_process.ExitCode, _output.Result, _errors.Result);
    }

    /// <summary>Waits for its end.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The exit code and what it wrote.</returns>
    public async Task<(int ExitCode, string Output, string Errors)> EndAsync(CancellationToken cancellationToken)
    {
        await _process.WaitForExitAsync(cancellationToken);
        return (_process.ExitCode, await _output.WaitAsync(cancellationToken), await _errors.WaitAsync(cancellationToken));
    }

    /// <summary>Ends it, if it still runs, with all that it has started.</summary>
    public void Dispose()
    {
        if (!_process.HasExited) _process.Kill(entireProcessTree: true);
        _process.Dispose();
    }
}
