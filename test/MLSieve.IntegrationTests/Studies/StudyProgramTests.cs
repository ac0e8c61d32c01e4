using System.Text.RegularExpressions;
using Studies;

namespace MLSieve.Tests;

public sealed partial class StudyProgramTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("study-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_quick_study_of_a_shortcut_keeps_a_final_run_of_every_method_and_table_prints_them()
    {
        string[] methods = ["plain", "sieve", "jtt", "afr", "group-dro", "sieve-joint", "readout-afr", "dfr"];
        BuiltProgram run = await RunAsync("shapes", "--report", Path.Combine(_folder, "report.html"));
        string page = await File.ReadAllTextAsync(Path.Combine(_folder, "report.html"), TestContext.Current.CancellationToken);
        Assert.All(methods, method => Assert.Contains($">{method}<", page));

        Dictionary<string, FinishedRun> finals = Finals().ToDictionary(final => final.Method);
        Assert.Equal(methods.Order(), finals.Keys.Order());
        Assert.All(finals.Values, final =>
        {
            Assert.Equal(("shapes", 1), (final.Study, final.Seed));
            Assert.InRange(final.Metrics[StudyMetrics.Average], 0, 1);
        });
        Assert.All(["sieve", "sieve-joint"], method => Assert.Contains("forgetting loss", finals[method].LastEpoch));
        Assert.StartsWith("rate=0.05,every=", finals["sieve"].Settings); // found by the library's search
        Assert.Equal("gamma=4,penalty=0", finals["afr"].Settings);
        Assert.Equal("stage=1,beta=2", finals["readout-afr"].Settings);
        Assert.All(finals, final => Assert.Equal(final.Key == "readout-afr", final.Value.Metrics.ContainsKey("Readout1.auc")));

        BuiltProgram table = await BuiltProgram.RunAsync("Studies", "table", "--out", _folder);
        Assert.True(table.ExitCode == 0, table.Error);
        Assert.Contains("| [shapes](#shapes) | conflicting rows | plain | ", table.Output);
        Assert.Contains("| conflicting rows, seed | 1 |", table.Output);
        string study = table.Output[table.Output.IndexOf("### shapes", StringComparison.Ordinal)..];
        Assert.Contains(study, run.Output); // the study itself ends with what table says of it
    }

    [Theory]
    [InlineData("dominoes-methods --agreement 0.95", "plain", "mnist")]
    [InlineData("bar-train-validation --size 32", "plain", BarMethodsStudy.Folder)] // photographs, of which no groups are known
    [InlineData("coloured-distillation", "kd", "fashion-mnist")] // whose teacher is asked again for the report
    public async Task A_quick_study_of_real_data_has_a_final_run_and_a_report(string study, string method, string data)
    {
        RealData.Path(data);
        await RunAsync([.. study.Split(' '), "--method", method, "--report", Path.Combine(_folder, "report.html")]);
        FinishedRun final = Assert.Single(Finals());
        Assert.Equal(method, final.Method);
        Assert.InRange(final.Metrics[StudyMetrics.Average], 0, 1);
        string page = Directory.EnumerateFiles(_folder, "report*.html").First();
        Assert.Contains($">{method}<", await File.ReadAllTextAsync(page, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_quick_study_with_LightGBM_keeps_every_method_and_what_readouts_see()
    {
        RealData.Path("adult");
        LightGbmNative.SkipWhereMissing();
        string[] methods =
            ["plain", "lightgbm", "lightgbm-readout", "lightgbm-readout-balanced", "kd", "debiased", "debiased-teacher-term"];
        await RunAsync("adult", "--report", Path.Combine(_folder, "report.html"));
        string page = await File.ReadAllTextAsync(Path.Combine(_folder, "report.html"), TestContext.Current.CancellationToken);
        Assert.All(methods, method => Assert.Contains($">{method}<", page));

        FinishedRun[] finals = [.. Finals()];
        Assert.Equal(methods, finals.Select(final => final.Method));
        Assert.All(finals, final =>
        {
            Assert.Equal(final.Metrics[StudyMetrics.Worst], final.Primary);
            Assert.Equal(final.Method.StartsWith("lightgbm", StringComparison.Ordinal), final.Steps is null);
        });
        Assert.All(
            ["Readout1.accuracy", "Readout1.auc", "Readout1Balanced.auc"],
            figure => Assert.InRange(finals[0].Metrics[figure], 0, 1));
    }

    [Fact]
    public async Task A_table_is_learned_by_every_method_with_nothing_set_but_its_columns()
    {
        string tables = Directory.CreateDirectory(Path.Combine(_folder, "tables")).FullName;
        var random = new Random(1);
        IEnumerable<string> rows = Enumerable.Range(0, 400).Select(_ =>
        {
            int age = random.Next(18, 90);
            string town = random.NextDouble() < 0.5 ? "north" : "\"south, east\"";
            return FormattableString.Invariant(
                $"{(age + random.Next(20) > 60 ? "old" : "young")},{(random.NextDouble() < 0.6 ? "a" : "b")},{age},{town}");
        });
        await File.WriteAllLinesAsync(
            Path.Combine(tables, "people.csv"), rows.Prepend("label,group,age,town"), TestContext.Current.CancellationToken);
        BuiltProgram run = await RunAsync("tables", "--data", _folder);
        FinishedRun[] finals = [.. Finals()];
        Assert.Equal(["logistic-regression", "plain", "sieve", "jtt", "debiased"], finals.Select(final => final.Method));
        Assert.All(finals, final =>
        {
            Assert.Equal("table-people", final.Study);
            Assert.InRange(final.Metrics[StudyMetrics.Unbiased], 0.8, 1);
        });
        Assert.Contains("| method | mean of groups | difference to plain |", run.Output);

        await File.WriteAllTextAsync(Path.Combine(tables, "people.csv"), "label,age\nold,70\n", TestContext.Current.CancellationToken);
        run = await BuiltProgram.RunAsync(
            "Studies", "run", "tables", "--quick", "--data", _folder, "--out", Path.Combine(_folder, "faulty"));
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("people.csv: no column group", run.Error);
    }

    [Fact]
    public async Task A_study_is_not_run_while_a_queue_works_on_its_folder()
    {
        using FileStream queue = FinishedRuns.Lock(_folder);
        BuiltProgram run = await BuiltProgram.RunAsync("Studies", "run", "shapes", "--quick", "--out", _folder);
        Assert.Equal(1, run.ExitCode);
        Assert.StartsWith($"another `run` or `queue` works on {_folder}, since ", run.Error);
    }

    [Fact]
    public async Task A_bad_command_line_exits_with_2_and_says_why_and_how_it_is_used_where_faults_go()
    {
        BuiltProgram run = await BuiltProgram.RunAsync("Studies", "run", "mnist", "--out", _folder);
        Assert.Equal(2, run.ExitCode);
        Assert.StartsWith("no study 'mnist'; there are shapes, ", run.Error);
        Assert.Contains(Usage.Text, run.Error);
        Assert.Empty(run.Output);
    }

    [Theory]
    [InlineData("no command; there are list, run, queue, table, page, maps, find and check")]
    [InlineData("no command 'shapes'", "shapes", "--quick")]
    [InlineData("run needs the name of a study", "run")]
    [InlineData("run: 'bar' is one word too many", "run", "shapes", "bar")]
    [InlineData("check needs the name of a data set and its folder", "check", "bar")]
    [InlineData("no data set 'cifar'", "check", "cifar", "/")]
    [InlineData("queue needs a file with a study a line", "queue")]
    [InlineData("no file nowhere.txt", "queue", "nowhere.txt")]
    [InlineData("no folder 'fashion-mnist'", "run", "coloured-methods", "--data", "/", "--quick")]
    [InlineData("--method: shapes has plain, sieve, jtt, ", "run", "shapes", "--method", "kd")]
    [InlineData("--rate: all methods of a study have one", "run", "pets", "--rate", "0.1", "--rate", "0.2")]
    public void A_bad_command_line_says_why(string message, params string[] arguments)
    {
        var fault = Assert.Throws<UsageException>(() =>
            new StudyProgram(StudyOptions.Parse([.. arguments, "--out", _folder]), TestContext.Current.CancellationToken).Run());
        Assert.StartsWith(message, fault.Message);
    }

    [Theory]
    [InlineData(
        "coloured-methods --size 9",
        "--size: coloured-methods does not take it; it takes --trials, --search-seeds, --rate, --epochs, --average, --precision, "
            + "--setting, --rows, --agreement, --schedule.")]
    [InlineData("pets --schedule cosine", "--schedule: pets does not take it; ")]
    [InlineData("multinli --schedule cosine", "--schedule: multinli does not take it; ")]
    [InlineData("tables --precision bfloat16", "--precision: tables does not take it; it takes --search-seeds, --rows.")]
    [InlineData("adult --trials 3", "--trials: adult does not take it; it takes --search-seeds, --rate, --epochs, ")]
    [InlineData("celeba --partition 2", "--partition: celeba does not take it; ")]
    [InlineData(
        "adult-methods --agreement 0.9",
        "--agreement: adult-methods does not take it, since incomes are what they are; it takes --trials, ")]
    [InlineData(
        "two-features --agreement 0.9",
        "--agreement: two-features does not take it, since the halves always agree in training; it takes --trials, ")]
    public void An_option_that_means_nothing_to_a_study_is_refused_and_what_it_takes_is_told(string line, string message)
    {
        var fault = Assert.Throws<UsageException>(() => StudyList.Create(StudyOptions.Parse(["run", .. line.Split(' ')])));
        Assert.StartsWith(message, fault.Message);
    }

    [Fact]
    public void Every_option_of_the_program_is_taken_by_all_studies_or_named_by_those_that_take_it()
    {
        string[] given = [.. Option().Matches(Usage.Text).Select(option => option.Value).Distinct()];
        string[] ofAll =
        [
            "--data", "--out", "--teachers", "--workers", "--minutes", "--seeds", "--method", "--report", "--quick", "--help",
        ];
        Assert.Equal(given.Order(), ofAll.Concat(StudyList.All.SelectMany(entry => entry.Options)).Distinct().Order());
        Assert.All(StudyList.All, entry =>
        {
            Assert.Equal(entry.Options.Distinct(), entry.Options);
            Assert.Empty(entry.Refusals.Select(refusal => refusal.Option).Intersect(entry.Options));
        });
    }

    [Fact]
    public async Task A_setting_that_the_network_cannot_have_is_told_without_a_trace_of_the_program()
    {
        BuiltProgram run = await BuiltProgram.RunAsync(
            "Studies", "run", "shapes", "--quick", "--method", "sieve", "--setting", "stage=9", "--out", _folder);
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("stage 9", run.Error);
        Assert.DoesNotContain("   at ", run.Error);
    }

    [Fact]
    public async Task List_names_every_study_and_what_data_it_misses()
    {
        BuiltProgram run = await BuiltProgram.RunAsync("Studies", "list", "--data", _folder);
        Assert.True(run.ExitCode == 0, run.Error);
        Assert.All(
            StudyList.All,
            entry => Assert.Contains($"{entry.Name.PadRight(StudyList.LongestName)} {entry.Question} (data: ", run.Output));
        Assert.Contains("number of steps (data: generated)", run.Output);
        Assert.Contains("by every method (data: missing: pets-on-scenes, squeezenet1_1-imagenet)", run.Output);
    }

    [Fact]
    public async Task Table_says_that_there_is_nothing_to_print()
    {
        BuiltProgram run = await BuiltProgram.RunAsync("Studies", "table", "--out", Path.Combine(_folder, "empty"));
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("run a study first", run.Error);
        Assert.False(Directory.Exists(Path.Combine(_folder, "empty")));
    }

    [Fact]
    public void Every_command_of_a_page_is_one_that_the_program_and_its_study_take()
    {
        string[] commands = [.. DocumentationTests.Pages().SelectMany(page => CommandsOf(File.ReadAllText(page)))];
        Assert.Contains("run adult", commands);
        Assert.Contains(commands, command => command.EndsWith(" --average 0.999", StringComparison.Ordinal)); // on a second line
        Assert.All(commands, command =>
        {
            StudyOptions options = StudyOptions.Parse(command.Split(' ', StringSplitOptions.RemoveEmptyEntries));
            if (options.Command is "run" or "maps" or "find") Assert.Equal(options.Study, StudyList.Find(options).Name);
        });
    }

    [GeneratedRegex(@"(?<=^\s*)--[a-z-]+(?= )", RegexOptions.Multiline)]
    private static partial Regex Option();

    [GeneratedRegex(@" \\\n +")]
    private static partial Regex ContinuedLine();

    // Without what a shell makes of the rest of a line: a comment, or the file that takes the output.
    private static IEnumerable<string> CommandsOf(string page) => ContinuedLine().Replace(page.ReplaceLineEndings("\n"), " ").Split('\n')
        .Select(line => line.Split("--project benchmarks/Studies -- ", 2))
        .Where(parts => parts.Length == 2)
        .Select(parts => parts[1].Split(" #")[0].Split(" >")[0].TrimEnd());

    private async Task<BuiltProgram> RunAsync(params string[] study)
    {
        BuiltProgram run = await BuiltProgram.RunAsync("Studies", ["run", .. study, "--quick", "--out", _folder]);
        Assert.True(run.ExitCode == 0, run.Error + run.Output);
        return run;
    }

    private IEnumerable<FinishedRun> Finals() => FinishedRuns.All(_folder).Where(run => run.Phase == RunPhase.Final);
}
