using System.Text.Json.Nodes;
using Studies;

namespace MLSieve.Tests;

/// <summary>What the command run keeps, and that a stopped one goes on where it was.</summary>
public sealed class ResumeTests : IClassFixture<FinishedStudy>, IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("resume-").FullName;
    private readonly FinishedStudy _study;

    public ResumeTests(FinishedStudy study)
    {
        _study = study;
        foreach (string file in Directory.GetFiles(study.Folder)) File.Copy(file, Path.Combine(_folder, Path.GetFileName(file)));
    }

    private string Runs => Path.Combine(_folder, "shapes.jsonl");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_finished_run_is_not_run_again()
    {
        string[] lines = File.ReadAllLines(Runs);
        FinishedRun[] runs = [.. FinishedRuns.All(_folder)];
        // two settings that were tried, and the final run of the chosen one
        Assert.Equal([RunPhase.Search, RunPhase.Search, RunPhase.Final], runs.Select(run => run.Phase));
        Assert.Equal(runs[..2].MaxBy(run => run.Primary)!.Settings, runs[2].Settings);
        BuiltProgram again = await FinishedStudy.RunAsync(_folder, FinishedStudy.Named);
        Assert.Empty(FinishedStudy.RunsIn(again.Output));
        Assert.Equal(lines, File.ReadAllLines(Runs));
    }

    [Fact]
    public async Task Of_a_setting_alone_and_without_plain_training_the_tables_have_its_figures()
    {
        string setting = FinishedRuns.All(_folder)[0].Settings; // of two that were tried, the better one of which has a final run
        BuiltProgram one = await FinishedStudy.RunAsync(_folder, $"{FinishedStudy.Searched} --setting {setting}");
        string[] lines = one.Output.Split('\n');
        FinishedRun final = FinishedRuns.All(_folder).Last(run => run.Phase == RunPhase.Final && run.Settings == setting);
        string figure = Percentage.Of(final.Primary!.Value);
        Assert.Contains("| method | conflicting rows | agreeing rows | average | mean of groups |", lines);
        string means = $"| sieve | {figure} | {Percentage.Of(final.Metrics[StudyMetrics.Agreeing])} | ";
        Assert.Single(lines, line => line.StartsWith(means, StringComparison.Ordinal));
        Assert.Contains($"| sieve | {figure} |", lines); // by seed
        Assert.Contains($"- sieve, the only setting tried: `{setting}`", lines);
        Assert.Contains("- No differences: plain is not among these runs, so there is nothing to compare with.", lines);
    }

    [Fact]
    public async Task A_setting_that_final_runs_keep_is_told_where_a_search_would_choose_anew()
    {
        string[] lines = File.ReadAllLines(Runs);
        string setting = FinishedRuns.All(_folder)[^1].Settings;
        BuiltProgram again = await FinishedStudy.RunAsync(_folder, FinishedStudy.Searched);
        Assert.Contains($"sieve keeps the setting of its final runs: {setting}; another --out searches anew", again.Output);
        Assert.Empty(FinishedStudy.RunsIn(again.Output));
        Assert.Equal(lines, File.ReadAllLines(Runs));
        again = await FinishedStudy.RunAsync(_folder, FinishedStudy.Named); // which chooses itself
        Assert.DoesNotContain("keeps the setting", again.Output);
    }

    [Fact]
    public void A_kept_run_says_what_made_it_and_when()
    {
        IReadOnlyList<FinishedRun> runs = FinishedRuns.All(_folder);
        Assert.NotEmpty(runs);
        Assert.All(runs, run =>
        {
            Assert.Equal(TrainingProcessor.Name, run.Processor);
            Assert.Equal("Float32", run.Precision);
            Assert.Equal(Provenance.Commit, run.Commit); // the program is the assembly that the tests have
            Assert.InRange(run.Time, _study.Began, _study.Ended);
        });
    }

    [Fact]
    public async Task A_run_that_was_lost_or_half_written_is_all_that_is_run_again()
    {
        string[] lines = File.ReadAllLines(Runs);
        File.WriteAllText(Runs, string.Join('\n', lines[..^1]) + "\n" + lines[^1][..40]); // killed while it wrote the last line
        BuiltProgram again = await FinishedStudy.RunAsync(_folder, FinishedStudy.Named);
        Assert.Contains("line 3: not a whole FinishedRun", again.Error);
        Assert.StartsWith("shapes final sieve ", Assert.Single(FinishedStudy.RunsIn(again.Output)));
        string[] mended = File.ReadAllLines(Runs);
        Assert.Equal([.. lines[..^1], lines[^1][..40]], mended[..3]);
        Assert.Equal(Figures(lines[^1]), Figures(mended[3])); // the same seed, the same figures
    }

    [Fact]
    public async Task A_study_that_was_cancelled_keeps_what_was_finished_and_the_run_under_way_is_open()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Sends SIGINT.");
        File.Delete(Runs);
        // each of its two runs takes seconds, so that the second one is still under way when the signal comes
        string[] command =
            ["run", "shapes", "--quick", "--rows", "64", "--epochs", "600", "--method", "plain", "--seeds", "2", "--out", _folder];
        BuiltProgram stopped = await BuiltProgram.RunAsync("Studies", command, () => File.Exists(Runs));
        Assert.True(stopped.ExitCode == 130, stopped.Error + stopped.Output);
        Assert.Contains("Cancelled. Finished runs are kept: the same command goes on from there.", stopped.Error);
        Assert.StartsWith("shapes final plain seed 1: ", Assert.Single(FinishedStudy.RunsIn(stopped.Output)));
        FinishedRun kept = Assert.Single(FinishedRuns.All(_folder));
        Assert.Equal((RunPhase.Final, 1), (kept.Phase, kept.Seed));
        MethodStudy study = Assert.Single(StudyList.Create(StudyOptions.Parse(command)));
        PlannedRun open = Assert.Single(new StudyPlan(study, "").Open(new FinishedRuns(_folder), new HashSet<PlannedRun>()));
        Assert.Equal((RunPhase.Final, "plain", 2), (open.Phase, open.Method, open.Seed));
    }

    private static string Figures(string line) => JsonNode.Parse(line)!["metrics"]!.ToJsonString();
}
