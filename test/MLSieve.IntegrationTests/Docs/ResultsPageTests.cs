using System.Globalization;
using System.Text.RegularExpressions;
using Studies;

namespace MLSieve.Tests;

/// <summary>The tables and pictures of docs/results.md are what the committed runs say, and other pages quote them as they are.</summary>
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

    private static string Results => File.ReadAllText(Path.Combine(Docs, "results.md"));

    private static string Readme => File.ReadAllText(Path.Combine(Repository.Root, "README.md"));

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
            (string gain, string low, string high, string verdict) = GainOf(section, method);
            string inWords = verdict switch
            {
                "better" => "",
                "worse" => ": it loses",
                _ => ": not shown",
            };
            return $"{gain} ({low} to {high}){inWords}";
        }
    }

    [Theory]
    [InlineData("the alternating sieve gains {0} points where the colour misleads ({1} to {2})", "coloured-98", "sieve", "better")]
    [InlineData("it gains {0} points on the garments whose digit disagrees ({1} to {2})", "two-features-complex", "sieve", "better")]
    [InlineData("the sieve as one update gains {0} points in the worst group ({1} to {2})", "pets", "sieve-joint", "better")]
    [InlineData("The other form's gain is not shown on coloured and on pets", "coloured-98", "sieve-joint", "not shown")]
    [InlineData("The other form's gain is not shown on coloured and on pets", "pets", "sieve", "not shown")]
    [InlineData("on a table neither gains in the worst group", "adult-methods", "sieve", "not shown")]
    [InlineData("on a table neither gains in the worst group", "adult-methods", "sieve-joint", "not shown")]
    [InlineData("A small student gains {0} points on coloured", "coloured-98-distillation", "kd", "better")]
    [InlineData("with debiasing {0}.", "coloured-98-distillation", "debiased", "better")]
    [InlineData("Just Train Twice gains {0} there without a teacher", "coloured-98-distillation", "jtt", "better")]
    [InlineData("On pets no gain of such students is shown", "pets-distillation", "kd", "not shown")]
    [InlineData("On pets no gain of such students is shown", "pets-distillation", "debiased", "not shown")]
    [InlineData("Just Train Twice of the same small network gains {0}.", "pets-distillation", "jtt", "better")]
    public void The_readme_has_the_rounded_gains_of_the_studies(string sentence, string study, string method, string verdict)
    {
        (string gain, string low, string high, string found) = GainOf(study, method);
        Assert.Equal(verdict, found);
        Assert.Contains(
            string.Format(CultureInfo.InvariantCulture, sentence, Whole(gain), Whole(low), Whole(high)), OneLine(Readme),
            StringComparison.Ordinal);

        static decimal Whole(string points) =>
            decimal.Round(decimal.Parse(points, CultureInfo.InvariantCulture), 0, MidpointRounding.AwayFromZero);
    }

    [Fact]
    public void What_the_sieve_loses_where_the_colour_is_right_is_what_its_runs_lost()
    {
        // no table has this difference, and that of two rounded means would be rounded twice
        ILookup<string, double> accuracies = FinishedRuns.All(Runs)
            .Where(run => run.Phase == RunPhase.Final && run.Study == "coloured-98")
            .ToLookup(run => run.Method, run => run.Metrics[StudyMetrics.Agreeing]);
        double loss = 100 * (accuracies["plain"].Average() - accuracies["sieve"].Average());
        Assert.Contains(
            FormattableString.Invariant($"where the colour misleads, and loses {loss:F1} ("), OneLine(Results), StringComparison.Ordinal);
        Assert.Contains(FormattableString.Invariant($"and loses {loss:F0} where it is right."), OneLine(Readme), StringComparison.Ordinal);
    }

    [Fact]
    public void The_readme_names_what_remains_after_the_correction()
    {
        Assert.Contains(
            "Corrected for all comparisons, the first two of these gains remain, and those of the students of a teacher; what the "
                + "weights add does not, nor do Just Train Twice's.", OneLine(Readme), StringComparison.Ordinal);
        HashSet<string> remaining =
        [
            .. from study in Found(OneLine(Results), @"these verdicts remain\. ([^.]+)\.").Groups[1].Value.Split("; ")
               let names = study.Split(": ")
               from method in names[1].Split(", ")
               select $"{names[0]}: {method}",
        ];
        string[] gains =
        [
            "coloured-98: sieve", "two-features-complex: sieve", "pets: sieve-joint", "coloured-98-distillation: kd",
            "coloured-98-distillation: debiased",
            "coloured-98-distillation: debiased over kd", "coloured-98-distillation: jtt", "pets-distillation: jtt",
        ];
        Assert.Equal(
            [
                "coloured-98: sieve", "two-features-complex: sieve", "coloured-98-distillation: kd", "coloured-98-distillation: debiased",
            ],
            gains.Where(gain => remaining.Contains($"{gain} (better)")));
    }

    [Theory]
    [InlineData("choosing-a-method.md")]
    [InlineData("distillation.md")]
    public void Every_figure_of_a_page_that_quotes_results_is_on_a_page_of_results(string page)
    {
        string results = Results + File.ReadAllText(Path.Combine(Docs, "results-short.md"));
        string[] figures = [.. Figure().Matches(File.ReadAllText(Path.Combine(Docs, page))).Select(figure => figure.Value).Distinct()];
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
            if (searches.Length == 0 && final.Settings.Length == 0) return; // the only setting, which has no name and no search
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

    /// <summary>What a table of a study says of a method beside the study's baseline.</summary>
    private static (string Gain, string Low, string High, string Verdict) GainOf(string study, string method)
    {
        string text = Found(Results, $@"\n### {study}\n(.*?)\n##", RegexOptions.Singleline).Groups[1].Value;
        GroupCollection found = Found(
            text, $@"^\| {method} (?:\([^|]*\) )?\| .*?\| ([+-]\d+\.\d) \| ([+-]\d+\.\d) to ([+-]\d+\.\d) \| ([a-z ]+) \|",
            RegexOptions.Multiline).Groups;
        return (found[1].Value, found[2].Value, found[3].Value, found[4].Value);
    }

    private static Match Found(string text, string pattern, RegexOptions options = RegexOptions.None)
    {
        Match found = Regex.Match(text, pattern, options);
        Assert.True(found.Success, pattern);
        return found;
    }

    private static string OneLine(string page) => Breaks().Replace(page, " ");

    [GeneratedRegex(@"\s+")]
    private static partial Regex Breaks();

    [GeneratedRegex(@"(<!-- made by the command page: (\w+) -->)\n.*?(<!-- end -->)", RegexOptions.Singleline)]
    private static partial Regex Generated();

    [GeneratedRegex(@"\d+\.\d+")]
    private static partial Regex Figure();
}
