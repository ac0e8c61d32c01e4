using Microsoft.ML.EarlyReadout;
using Studies;

namespace MLSieve.Tests;

/// <summary>A queue whose workers share a search, stopped in its midst and run again.</summary>
public sealed class SharedQueueSearchTests : IDisposable
{
    private const string Line = "coloured-methods --quick --rows 96 --epochs 3 --trials 3 --search-seeds 2 --method sieve";
    private readonly string _folder = Directory.CreateTempSubdirectory("shared-").FullName;

    public SharedQueueSearchTests() => SmallFashion.Write(_folder);

    private string Runs => Path.Combine(_folder, "coloured-98.jsonl");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_search_that_a_stopped_queue_left_goes_on_and_ends_as_one_that_was_never_stopped()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Sends SIGINT.");
        var study = QueueFile.Studies(Line, StudyOptions.Parse(["queue", "any", "--data", _folder])).Single();
        var search = new MethodSearch(study, study.Asked().Single());
        string checkpoints = Path.Combine(_folder, "coloured-98-sieve.checkpoints");
        BuiltProgram stopped = await QueueAsync(() => Directory.Exists(checkpoints) && Directory.EnumerateDirectories(checkpoints).Any());
        Assert.True(stopped.ExitCode == 130, stopped.Error + stopped.Output);
        Assert.False(File.Exists(Runs));
        IReadOnlyList<StoredRun> left = TrialStore.Sqlite(Path.Combine(_folder, "coloured-98-sieve.db")).Read(search.Name);
        Assert.Contains(left, run => run.State == RunState.Open);
        Assert.DoesNotContain(left, run => run.State == RunState.Running); // handed back

        BuiltProgram ended = await QueueAsync(null);
        Assert.True(ended.ExitCode == 0, ended.Error + ended.Output);
        Assert.Equal(2, Lines(ended.Error, "4 trials (0 is plain training), 2 seeds each")); // both workers took part
        FinishedRun[] runs = [.. FinishedRuns.All(_folder)];
        IReadOnlyList<FinishedRun> alone = search.Run(Path.Combine(_folder, "alone"), 1, TestContext.Current.CancellationToken);
        Assert.Equal(alone.Select(Of), runs[..^1].Select(Of));
        Assert.Equal((RunPhase.Final, 1, SearchedTrial.Choose(alone)), (runs[^1].Phase, runs[^1].Seed, runs[^1].Settings));
        Assert.InRange(runs[^1].Primary!.Value, 0, 1);

        BuiltProgram again = await QueueAsync(null);
        Assert.Contains("everything is run", again.Output);
        Assert.Equal(9, File.ReadAllLines(Runs).Length); // nothing is made twice
    }

    private static int Lines(string text, string part) => text.Split('\n').Count(line => line.Contains(part, StringComparison.Ordinal));

    private static string Of(FinishedRun run) => FormattableString.Invariant(
        $"{run.Trial} {run.Settings} {run.Seed} {run.Steps} {run.Primary} {string.Join(' ', run.Curve)}");

    private Task<BuiltProgram> QueueAsync(Func<bool>? interruptWhen)
    {
        string file = Path.Combine(_folder, "queue.txt");
        File.WriteAllText(file, Line);
        return BuiltProgram.RunAsync("Studies", ["queue", file, "--workers", "2", "--data", _folder, "--out", _folder], interruptWhen);
    }
}
