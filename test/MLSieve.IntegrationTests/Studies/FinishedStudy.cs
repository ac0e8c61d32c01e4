namespace MLSieve.Tests;

/// <summary>A small study that ran to its end once; tests copy its folder and go on from there.</summary>
public sealed class FinishedStudy : IAsyncLifetime
{
    /// <summary>The study without the settings that it names.</summary>
    internal const string Searched = "run shapes --rows 128 --epochs 1 --seeds 1 --method sieve";

    /// <summary>The study: two settings of the sieve to choose from, and a final run of the better one.</summary>
    internal const string Named = Searched + " --setting stage=1,depth=0 --setting stage=2,depth=0";

    /// <summary>What it keeps.</summary>
    public string Folder { get; } = Directory.CreateTempSubdirectory("finished-").FullName;

    /// <summary>Before its first run, UTC.</summary>
    public DateTime Began { get; private set; }

    /// <summary>After its last run, UTC.</summary>
    public DateTime Ended { get; private set; }

    public async ValueTask InitializeAsync()
    {
        Began = DateTime.UtcNow;
        await RunAsync(Folder, Named);
        Ended = DateTime.UtcNow;
    }

    public ValueTask DisposeAsync()
    {
        Directory.Delete(Folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    /// <summary>Runs what is left of a command in a folder.</summary>
    internal static async Task<BuiltProgram> RunAsync(string folder, string command)
    {
        BuiltProgram run = await BuiltProgram.RunAsync("Studies", [.. command.Split(' '), "--out", folder]);
        Assert.True(run.ExitCode == 0, run.Error + run.Output);
        return run;
    }

    /// <summary>The lines of an output that tell of a run.</summary>
    internal static string[] RunsIn(string output) =>
        [.. output.Split('\n').Where(line => line.StartsWith("shapes search ", StringComparison.Ordinal)
            || line.StartsWith("shapes final ", StringComparison.Ordinal))];
}
