using Studies;

namespace MLSieve.Tests;

/// <summary>The tables of docs/results.md that come from a queue are what the committed runs say.</summary>
public sealed class ResultsPageTests
{
    private static readonly string Runs = Path.Combine(Repository.Root, "benchmarks", "Studies", "results");

    [Fact]
    public async Task The_first_tables_of_the_page_are_what_the_command_prints_of_the_committed_runs()
    {
        BuiltProgram table = await BuiltProgram.RunAsync("Studies", "table", "--out", Runs);
        Assert.Equal(0, table.ExitCode);
        string page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "results.md")).ReplaceLineEndings("\n");
        string printed = table.Output.ReplaceLineEndings("\n").Trim();
        Assert.StartsWith("### coloured-98\n\n| method |", printed);
        Assert.Contains($"\n\n{printed}\n\n", page);
        Assert.DoesNotContain("|", page[..page.IndexOf(printed, StringComparison.Ordinal)]); // no table stands before them
    }

    [Fact]
    public void The_final_runs_have_the_settings_that_the_searches_chose()
    {
        FinishedRun[] runs = [.. FinishedRuns.All(Runs)];
        (string Study, string Method, string Settings)[] finals =
            [.. runs.Where(run => run.Phase == RunPhase.Final).Select(run => (run.Study, run.Method, run.Settings)).Distinct()];
        Assert.Equal(13, finals.Length);
        Assert.All(finals, final =>
        {
            string best = runs
                .Where(run => run.Phase == RunPhase.Search && (run.Study, run.Method) == (final.Study, final.Method))
                .GroupBy(run => run.Settings)
                .Where(setting => setting.All(run => run.Primary is not null))
                .MaxBy(setting => setting.Average(run => run.Primary))!.Key;
            Assert.Equal(best, final.Settings);
        });
    }
}
