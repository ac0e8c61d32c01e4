using System.Text.RegularExpressions;
using Studies;

namespace MLSieve.Tests;

/// <summary>The tables and pictures of docs/results.md are what the committed runs say.</summary>
public sealed partial class ResultsPageTests : IDisposable
{
    private static readonly string Docs = Path.Combine(Repository.Root, "docs");
    private static readonly string Runs = Path.Combine(Repository.Root, "benchmarks", "Studies", "results");

    // The rows of the table of docs/choosing-a-method.md, by their names in the studies.
    private static readonly (string Title, string Name)[] Methods =
    [
        ("sieve", "sieve"), ("sieve as one update", "sieve-joint"), ("Just Train Twice", "jtt"),
        ("automatic feature reweighting, by confidence", "afr"), ("the same, by a readout", "readout-afr"),
        ("group DRO", "group-dro"), ("deep feature reweighting", "dfr"),
    ];

    private readonly string _folder = Directory.CreateTempSubdirectory("page-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task The_page_and_its_pictures_are_what_the_command_makes_of_the_committed_runs()
    {
        string page = Path.Combine(_folder, "results.md");
        string committed = File.ReadAllText(Path.Combine(Docs, "results.md"));
        File.WriteAllText(page, Generated().Replace(committed, "$1\n$3")); // whatever stood there before
        BuiltProgram made = await BuiltProgram.RunAsync("Studies", "page", page, "--out", Runs);
        Assert.True(made.ExitCode == 0, made.Error);
        Assert.Equal(committed.ReplaceLineEndings("\n"), File.ReadAllText(page).ReplaceLineEndings("\n"));

        string[] pictures =
        [
            .. Directory.EnumerateFiles(Path.Combine(_folder, "images", "results")).Select(Path.GetFileName).Order(StringComparer.Ordinal)!,
        ];
        Assert.Equal(Directory.EnumerateFiles(Path.Combine(Docs, "images", "results"), "*.svg")
            .Select(Path.GetFileName)
            .Order(StringComparer.Ordinal), pictures);
        Assert.All(pictures, name =>
        {
            string picture = File.ReadAllText(Path.Combine(_folder, "images", "results", name));
            Assert.Equal(File.ReadAllText(Path.Combine(Docs, "images", "results", name)).ReplaceLineEndings("\n"), picture);
            Assert.InRange(picture.Length, 1_000, 200_000);
            Assert.Contains($"(images/results/{name})", committed, StringComparison.Ordinal);
        });
    }

    [Fact]
    public async Task A_study_that_has_begun_with_one_method_is_named_and_has_no_table()
    {
        string runs = Directory.CreateDirectory(Path.Combine(_folder, "runs")).FullName, page = Path.Combine(_folder, "results.md");
        File.Copy(Path.Combine(Runs, "adult-methods.jsonl"), Path.Combine(runs, "adult-methods.jsonl"));
        await File.WriteAllLinesAsync(
            Path.Combine(runs, "pets.jsonl"),
            File.ReadLines(Path.Combine(Runs, "pets.jsonl")).Where(line => line.Contains("\"method\":\"plain\"", StringComparison.Ordinal)),
            TestContext.Current.CancellationToken);
        File.Copy(Path.Combine(Docs, "results.md"), page);
        BuiltProgram made = await BuiltProgram.RunAsync("Studies", "page", page, "--out", runs);
        Assert.True(made.ExitCode == 0, made.Error);
        string text = await File.ReadAllTextAsync(page, TestContext.Current.CancellationToken);
        Assert.Contains("\nBegun, with no method to compare yet: pets.\n", text, StringComparison.Ordinal);
        Assert.Contains("### adult-methods", text, StringComparison.Ordinal);
        Assert.DoesNotContain("### pets", text, StringComparison.Ordinal);
    }

    [Fact]
    public void No_table_of_the_page_was_typed()
    {
        string page = File.ReadAllText(Path.Combine(Docs, "results.md"));
        Assert.Equal(2, Generated().Count(page));
        Assert.DoesNotContain("|", Generated().Replace(page, ""));
        // it comes first
        Assert.InRange(page[..page.IndexOf("| study | test figure |", StringComparison.Ordinal)].Count(letter => letter == '\n'), 0, 6);
    }

    [Fact]
    public async Task A_page_without_the_comments_is_a_fault_and_stays_as_it_is()
    {
        string page = Path.Combine(_folder, "other.md");
        File.WriteAllText(page, "# Other\n");
        BuiltProgram made = await BuiltProgram.RunAsync("Studies", "page", page, "--out", Runs);
        Assert.Equal(2, made.ExitCode);
        Assert.Contains("the page has no part between '<!-- made by the command page: summary -->' and '<!-- end -->'.", made.Error);
        Assert.Equal("# Other\n", File.ReadAllText(page));
    }

    [Fact]
    public void The_table_of_the_page_on_choosing_has_the_differences_of_each_study()
    {
        string page = File.ReadAllText(Path.Combine(Docs, "choosing-a-method.md"));
        string results = File.ReadAllText(Path.Combine(Docs, "results.md"));
        string[][] table =
        [
            .. page.Split('\n')
                .SkipWhile(line => !line.StartsWith("| method | coloured-98 |", StringComparison.Ordinal))
                .TakeWhile(line => line.StartsWith('|'))
                .Select(line => line.Trim('|', ' ').Split(" | ")),
        ];
        Assert.Equal(Methods.Select(method => method.Title), table.Skip(2).Select(row => row[0]));
        foreach ((string[] row, string method) in table.Skip(2).Zip(Methods, (row, method) => (row, method.Name)))
            for (int column = 1; column < row.Length - 1; column++)
                Assert.Equal(Difference(table[0][column], method), row[column]);

        string Difference(string study, string method)
        {
            string section = Found(page, $@"\[{study}\]\(results\.md#([\w-]+)\)").Groups[1].Value;
            string text = Found(results, $@"\n### {section}\n(.*?)\n##", RegexOptions.Singleline).Groups[1].Value;
            GroupCollection found = Found(
                text, $@"^\| {method} (?:\([^|]*\) )?\| .*?\| ([+-]\d+\.\d) \| ([+-]\d+\.\d to [+-]\d+\.\d) \| ([a-z ]+) \|",
                RegexOptions.Multiline).Groups;
            string verdict = found[3].Value switch
            {
                "better" => "",
                "worse" => ": it loses",
                _ => ": not shown",
            };
            return $"{found[1].Value} ({found[2].Value}){verdict}";
        }

        static Match Found(string text, string pattern, RegexOptions options = RegexOptions.None)
        {
            Match found = Regex.Match(text, pattern, options);
            Assert.True(found.Success, pattern);
            return found;
        }
    }

    [Fact]
    public void Every_figure_of_the_page_on_choosing_is_on_a_page_of_results()
    {
        string results = File.ReadAllText(Path.Combine(Docs, "results.md")) + File.ReadAllText(Path.Combine(Docs, "results-short.md"));
        string[] figures =
        [
            .. Figure().Matches(File.ReadAllText(Path.Combine(Docs, "choosing-a-method.md"))).Select(figure => figure.Value).Distinct(),
        ];
        Assert.NotEmpty(figures);
        HashSet<string> known = [.. Figure().Matches(results).Select(figure => figure.Value)];
        Assert.All(figures, figure => Assert.Contains(figure, known));
    }

    [Fact]
    public void The_final_runs_have_the_settings_that_the_searches_chose()
    {
        FinishedRun[] runs = [.. FinishedRuns.All(Runs)];
        (string Study, string Conditions, string Method, string Settings)[] finals =
            [.. runs.Where(run => run.Phase == RunPhase.Final)
                .Select(run => (run.Study, run.Conditions, run.Method, run.Settings))
                .Distinct()];
        Assert.NotEmpty(finals);
        Assert.All(finals, final =>
        {
            FinishedRun[] searches =
                [.. runs.Where(run => run.Phase == RunPhase.Search
                    && (run.Study, run.Conditions, run.Method) == (final.Study, final.Conditions, final.Method))];
            string? named = searches
                .Where(run => run.Trial is null)
                .GroupBy(run => run.Settings)
                .Where(setting => setting.All(run => run.Primary is not null))
                .MaxBy(setting => setting.Average(run => run.Primary))?.Key;
            IEnumerable<string?> searched = searches.Where(run => run.Trial is not null)
                .GroupBy(run => run.Trial!.Search)
                .Select(search => SearchedTrial.Choose([.. search]));
            Assert.Contains(final.Settings, searched.Append(named));
        });
    }

    [GeneratedRegex(@"(<!-- made by the command page: (\w+) -->)\n.*?(<!-- end -->)", RegexOptions.Singleline)]
    private static partial Regex Generated();

    [GeneratedRegex(@"\d+\.\d+")]
    private static partial Regex Figure();
}
