namespace MLSieve.Tests;

/// <summary>A small study that ran to its end once; tests copy its folder and go on from there.</summary>
public sealed class FinishedStudy : IAsyncLifetime
{
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
        BuiltProgram run = await BuiltProgram.RunAsync(
            "Studies", "run", "shapes", "--quick", "--select", "accuracy", "--rate", "0.05", "--setting", "stage=2,depth=0", "--out",
            folder);
        Assert.True(run.ExitCode == 0, run.Error + run.Output);
        return run;
    }
}
