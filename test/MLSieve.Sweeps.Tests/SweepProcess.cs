using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

/// <summary>A process of the sample Sweep, at work on a search with others.</summary>
internal sealed class SweepProcess : IDisposable
{
    /// <summary>The search's name in the store.</summary>
    public const string Search = "pictures";

    private readonly ChildProcess _process;

    private SweepProcess(ChildProcess process) => _process = process;

    /// <summary>Starts one.</summary>
    /// <param name="arguments">The sample's command line.</param>
    public static SweepProcess Start(params string[] arguments) => new(BuiltProgram.Start("Sweep", arguments));

    /// <summary>Whether a run was last claimed by this process.</summary>
    public bool Has(StoredRun run) => run.Worker?.StartsWith($"{Environment.MachineName}/{_process.Id}/", StringComparison.Ordinal) == true;

    /// <summary>Freezes it where it trains a run that the search waits for.</summary>
    /// <param name="store">The search's store.</param>
    /// <param name="mayStay">Whether it may stay so; it is let go on for a moment where it may not.</param>
    /// <returns>The run.</returns>
    public async Task<StoredRun> FreezeAsync(ITrialStore store, Func<bool> mayStay)
    {
        while (true)
        {
            Assert.False(_process.HasExited, "The search was over before it could be disturbed.");
            Send("STOP");
            await Task.Delay(20);
            IEnumerable<StoredRun> running = store.Read(Search).Where(run => run.State == RunState.Running && Has(run));
            StoredRun? held = running.FirstOrDefault(run => run.Reached < run.Granted);
            if (held is not null && mayStay()) return held;
            Send("CONT");
            await Task.Delay(20);
        }
    }

    /// <summary>Sends a signal.</summary>
    public void Send(string signal) => _process.Send(signal);

    /// <summary>Waits for its end.</summary>
    /// <returns>The exit code and what it wrote.</returns>
    public async Task<(int ExitCode, string Written)> EndAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(4));
        (int code, string output, string errors) = await _process.EndAsync(limit.Token);
        return (code, output + errors);
    }

    public void Dispose() => _process.Dispose();
}
