using System.Text.Json.Nodes;
using Studies;

namespace MLSieve.Tests;

/// <summary>What a study keeps, and that a stopped one goes on where it was.</summary>
public sealed class ResumeTests : IClassFixture<FinishedStudy>, IDisposable
{
    // As the program wrote it before runs said what made them.
    private const string OldLine =
        """{"Key":"distillation-0.95 rows 5000 epochs 6 | teacher-dro rate=0.02 | seed 1 | test","Diverged":null,"""
            + """ "Validation":{"averageAccuracy":0.9518},"Test":{"averageAccuracy":0.6756},"""
            + """ "Log":["Epoch 1/4 in 20.6 s: main loss 0.4295"],"FitSeconds":103.1988921}""";

    private readonly string _folder = Directory.CreateTempSubdirectory("resume-").FullName;
    private readonly FinishedStudy _study;

    public ResumeTests(FinishedStudy study)
    {
        _study = study;
        foreach (string file in Directory.GetFiles(study.Folder)) File.Copy(file, Path.Combine(_folder, Path.GetFileName(file)));
    }

    private string Runs => Path.Combine(_folder, "runs.jsonl");

    private string Results => Path.Combine(_folder, "results.jsonl");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_finished_run_is_not_run_again_nor_recorded_twice()
    {
        (string[] runs, string[] results) = (File.ReadAllLines(Runs), File.ReadAllLines(Results));
        Assert.Equal(3, runs.Length); // two settings that were tried, and the final run of the chosen one
        JsonNode record = JsonNode.Parse(Assert.Single(results))!;
        Assert.Equal(("sieve", StudyMetrics.Unbiased), ((string?)record["method"], (string?)record["selectedBy"]));
        BuiltProgram again = await FinishedStudy.RunAsync(_folder);
        Assert.DoesNotContain("  seed ", again.Output);
        Assert.Equal(runs, File.ReadAllLines(Runs));
        Assert.Equal(results, File.ReadAllLines(Results));
    }

    [Fact]
    public void A_kept_result_says_options_versions_machine_and_time()
    {
        JsonNode made = JsonNode.Parse(File.ReadLines(Results).First())!["made"]!;
        Assert.Equal($"{FinishedStudy.Command} --out {_study.Folder}", (string?)made["options"]);
        Assert.StartsWith("0.107.", (string?)made["versions"]!["torchSharp"]);
        Assert.StartsWith("5.0.1", (string?)made["versions"]!["mlNet"]);
        Assert.EndsWith($"{Environment.ProcessorCount} cores", (string?)made["machine"]);
        Assert.InRange((DateTime)made["time"]!, _study.Began, _study.Ended);
    }

    [Fact]
    public async Task A_run_that_was_lost_or_half_written_is_all_that_is_run_again()
    {
        string[] runs = File.ReadAllLines(Runs);
        File.WriteAllText(Runs, string.Join('\n', runs[..^1]) + "\n" + runs[^1][..40]); // killed while it wrote the last line
        BuiltProgram again = await FinishedStudy.RunAsync(_folder);
        Assert.Contains("line 3: not a whole RunResult", again.Error);
        Assert.Equal(1, again.Output.Split("  seed ").Length - 1);
        string[] mended = File.ReadAllLines(Runs);
        Assert.Equal([.. runs[..^1], runs[^1][..40]], mended[..3]);
        Assert.Equal(Figures(runs[^1]), Figures(mended[3])); // the same seed, the same figures
    }

    [Fact]
    public async Task Runs_that_were_kept_before_they_said_what_made_them_are_read()
    {
        File.WriteAllLines(Runs, File.ReadAllLines(Runs).Select(WithoutMade));
        File.Delete(Results);
        BuiltProgram again = await FinishedStudy.RunAsync(_folder);
        Assert.DoesNotContain("  seed ", again.Output);
        Assert.All(File.ReadLines(Results), line => Assert.Null(JsonNode.Parse(line)!["made"]));
        BuiltProgram table = await BuiltProgram.RunAsync("Studies", "table", "--out", _folder);
        Assert.Contains("runs were kept before machine, versions and time were.", table.Output);
        Assert.Contains("What the search tried (validation rows):", table.Output);
    }

    [Fact]
    public void A_line_of_the_first_form_is_a_run()
    {
        File.WriteAllText(Runs, OldLine + "\n");
        RunResult run = new RunStore(_folder, "").GetOrRun(
            RunKey.Of("distillation-0.95 rows 5000 epochs 6", "teacher-dro rate=0.02", 1, test: true),
            () => throw new InvalidOperationException("It was run again."));
        Assert.Equal(0.6756, run.Test["averageAccuracy"]);
        Assert.Equal(103.1988921, run.FitSeconds);
        Assert.Equal(["Epoch 1/4 in 20.6 s: main loss 0.4295"], run.Log);
        Assert.Null(run.Made);
    }

    private static string WithoutMade(string line)
    {
        JsonObject run = JsonNode.Parse(line)!.AsObject();
        Assert.True(run.Remove("Made"));
        return run.ToJsonString();
    }

    private static string Figures(string line) => JsonNode.Parse(line)!["Test"]!.ToJsonString();
}
