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
    public async Task A_seed_is_searched_anew_under_other_conditions_and_tables_are_of_those_asked_for()
    {
        string folder = Directory.CreateTempSubdirectory("find-").FullName;
        try
        {
            SmallFashion.Write(folder);
            string file = Path.Combine(folder, "shortcuts", "coloured-methods.jsonl");
            string[] command = ["find", "coloured-methods", "--quick", "--rows", "96", "--data", folder, "--out", folder];
            string one = await FindAsync([.. command]), two = await FindAsync([.. command, "--epochs", "2"]);
            ShortcutFigures[] lines = [.. JsonLines.Read<ShortcutFigures>(file)];
            Assert.Equal(60, lines.Length); // two sets of rows, three readouts, five settings, twice
            Assert.Equal(
                [
                    "coloured-98 rows 96 epochs 1 rate 0.05 by groups float32 constant quick",
                    "coloured-98 rows 96 epochs 2 rate 0.05 by groups float32 constant quick",
                ],
                lines.Select(line => line.Conditions).Distinct());
            Assert.Equal($"coloured-98\n\n{ShortcutTables.Of(lines[..30])}", one);
            Assert.Equal($"coloured-98\n\n{ShortcutTables.Of(lines[30..])}", two);

            // Lines that are older than conditions count for no study's.
            File.Delete(file);
            JsonLines.AppendAll(file, lines[..30].Select(line => line with { Conditions = null }));
            Assert.Equal(one, await FindAsync(command));
            Assert.Equal(60, File.ReadAllLines(file).Length);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        static async Task<string> FindAsync(string[] command)
        {
            BuiltProgram run = await BuiltProgram.RunAsync("Studies", command);
            Assert.True(run.ExitCode == 0, run.Error + run.Output);
            return run.Output;
        }
    }

    [Theory]
    [InlineData("bar-test-validation")]
    [InlineData("imdb-counterfactual")]
    public void A_study_without_an_attribute_has_no_shortcut_to_find(string study)
    {
        var search = new ShortcutSearch(StudyOptions.Parse(["find", study]), TestContext.Current.CancellationToken);
        Assert.Equal(
            $"find takes a study of one shortcut, such as pets or adult-methods, not {study}.",
            Assert.Throws<UsageException>(search.Run).Message);
    }

    [Fact]
    public void Lines_that_are_appended_together_begin_behind_one_that_is_torn()
    {
        string file = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid()}.jsonl");
        try
        {
            File.WriteAllText(file, "{\"Clus");
            JsonLines.AppendAll(file, [new ClusterFigures(1, 2, 0, 0, 0, 0), new ClusterFigures(3, 4, 0, 0, 0, 0)]);
            Assert.Equal([1, 3], JsonLines.Read<ClusterFigures>(file).Select(figures => figures.Clusters));
            Assert.Equal(3, File.ReadAllLines(file).Length);
        }
        finally
        {
            File.Delete(file);
        }
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
                Assert.StartsWith("adult-methods rows ", line.Conditions);
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
