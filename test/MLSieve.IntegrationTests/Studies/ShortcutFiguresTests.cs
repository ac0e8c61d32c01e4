using Studies;

namespace MLSieve.Tests;

/// <summary>How well found clusters match an attribute that nobody told.</summary>
public sealed class ShortcutFiguresTests
{
    [Fact]
    public void Purity_precision_and_recall_are_of_the_rows_in_clusters()
    {
        string[] places = ["sea", "sea", "land", "land", "land", "sea", "land", "sea"];
        bool[] worst = [true, true, true, false, false, false, false, true];
        ClusterFigures figures = ClusterFigures.Of([[0, 1, 3], [4, 6]], places, worst);
        Assert.Equal((2, 5), (figures.Clusters, figures.Rows));
        Assert.Equal(4 / 5.0, figures.Purity, 1e-12); // two of the sea in the first, two of the land in the second
        Assert.Equal(2 / 5.0, figures.WorstPrecision, 1e-12);
        Assert.Equal(2 / 4.0, figures.WorstRecall, 1e-12);
        Assert.Equal(2 / 3.0, figures.FirstPrecision, 1e-12);
        Assert.Equal(new ClusterFigures(0, 0, 0, 0, 0, 0), ClusterFigures.Of([], places, worst));
    }

    [Theory]
    [InlineData("pets")]
    [InlineData("adult-methods")]
    public void The_page_has_the_tables_of_the_kept_figures(string study)
    {
        string kept = Path.Combine(Repository.Root, "benchmarks", "Studies", "results", "shortcuts", study + ".jsonl");
        ShortcutFigures[] lines = [.. JsonLines.Read<ShortcutFigures>(kept)];
        Assert.NotEmpty(lines);
        string page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "finding-shortcuts.md")).ReplaceLineEndings("\n");
        Assert.All(ShortcutTables.Of(lines).ReplaceLineEndings("\n").Split("\n\n"), table =>
            Assert.Contains(table.Trim(), page, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_quick_search_keeps_a_line_for_each_setting_and_is_not_made_twice()
    {
        RealData.Path("adult");
        string folder = Directory.CreateTempSubdirectory("find-").FullName;
        try
        {
            string[] command = ["find", "adult-methods", "--quick", "--out", folder];
            BuiltProgram run = await BuiltProgram.RunAsync("Studies", command);
            Assert.True(run.ExitCode == 0, run.Error + run.Output);
            Assert.Contains("| test | stage1-balanced, 0.5 |", run.Output, StringComparison.Ordinal);
            string file = Path.Combine(folder, "shortcuts", "adult-methods.jsonl");
            ShortcutFigures[] lines = [.. JsonLines.Read<ShortcutFigures>(file)];
            Assert.Equal(20, lines.Length); // two sets of rows, two readouts, five settings
            Assert.All(lines, line =>
            {
                Assert.InRange(line.WorstAccuracy, 0, line.Accuracy);
                Assert.All(new[] { line.Found, line.Errors, line.ConfidentErrors, line.Random }, figures =>
                    Assert.All(
                        new[] { figures.Purity, figures.WorstPrecision, figures.WorstRecall, figures.FirstPrecision },
                        share => Assert.InRange(share, 0, 1)));
            });
            string first = await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken);
            BuiltProgram again = await BuiltProgram.RunAsync("Studies", command);
            Assert.Equal(run.Output, again.Output);
            Assert.Equal(first, await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
