namespace MLSieve.Tests;

/// <summary>A small study that ran to its end once; tests copy its folder and go on from there.</summary>
public sealed class FinishedStudy : IAsyncLifetime
{
    /// <summary>What it was asked for: two settings of the sieve to choose from, and a final run of the better one.</summary>
    public const string Command =
        "run shapes --rows 128 --epochs 1 --seeds 1 --method sieve --setting stage=1,depth=0 --setting stage=2,depth=0";

    /// <summary>What it keeps.</summary>
    public string Folder { get; } = Directory.CreateTempSubdirectory("finished-").FullName;

    /// <summary>Before its first run, UTC.</summary>
    public DateTime Began { get; private set; }

    /// <summary>After its last run, UTC.</summary>
    public DateTime Ended { get; private set; }

    public async ValueTask InitializeAsync()
    {
        Began = DateTime.UtcNow;
        await RunAsync(Folder);
        Ended = DateTime.UtcNow;
    }

    public ValueTask DisposeAsync()
    {
        Directory.Delete(Folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    /// <summary>Runs the study, or what is left of it.</summary>
    internal static async Task<BuiltProgram> RunAsync(string folder)
    {
        BuiltProgram run = await BuiltProgram.RunAsync("Studies", [.. Command.Split(' '), "--out", folder]);
        Assert.True(run.ExitCode == 0, run.Error + run.Output);
        return run;
    }
}
