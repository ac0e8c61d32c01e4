using System.Text.Json;
using System.Text.RegularExpressions;
using Studies;

namespace MLSieve.Tests;

public sealed partial class StudyProgramTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("study-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("shapes --quick --select groups", false, "-by-groups")]
    [InlineData("coloured --quick --agreement 0.99 --select groups", true, "-by-groups")]
    [InlineData("dominoes --quick --agreement 0.95 --select groups", true, "-by-groups")]
    [InlineData("bar --quick --size 64", true, "")] // no group labels to choose by
    public async Task A_quick_study_records_both_methods_with_their_logs(string study, bool needsData, string suffix)
    {
        if (needsData && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("MLSIEVE_DATA")))
            Assert.Skip("MLSIEVE_DATA is not set: no real data here.");
        string json = Path.Combine(_folder, "figures.json");
        BuiltProgram run = await BuiltProgram.RunAsync(
            "Studies",
            [
                "run", .. study.Split(' '), "--json", json, "--out", _folder, "--report", Path.Combine(_folder, "report.html"),
            ]);
        Assert.True(run.ExitCode == 0, run.Error + run.Output);
        string page = await File.ReadAllTextAsync(
            Directory.EnumerateFiles(_folder, "report*.html").First(), TestContext.Current.CancellationToken);
        Assert.Contains("plain" + suffix, page);
        Assert.Contains("sieve" + suffix, page);

        using JsonDocument records = JsonDocument.Parse(await File.ReadAllTextAsync(json, TestContext.Current.CancellationToken));
        JsonElement[] plain = Of(records, "plain" + suffix);
        JsonElement[] sieve = Of(records, "sieve" + suffix);
        Assert.NotEmpty(plain);
        Assert.Equal(plain.Length, sieve.Length);
        Assert.All(plain.Concat(sieve), record =>
        {
            Assert.StartsWith(study.Split(' ')[0], record.GetProperty("study").GetString());
            Assert.InRange(record.GetProperty("metrics").GetProperty("averageAccuracy").GetDouble(), 0, 1);
            Assert.Single(record.GetProperty("log").EnumerateArray());
            Assert.StartsWith($"run {study}", record.GetProperty("made").GetProperty("options").GetString());
        });
        JsonElement[] forgetting = [.. records.RootElement.EnumerateArray()
            .Where(record => !record.GetProperty("setting").GetString()!.EndsWith("every=0", StringComparison.Ordinal))];
        Assert.NotEmpty(forgetting);
        Assert.All(forgetting, record => Assert.Contains("forgetting loss", record.GetProperty("log")[0].GetString()));
    }

    [Theory]
    [InlineData("distillation", "teacher-dro", "erm", "jtt", "kd", "simkd", "dett", "debiased", "group-dro")]
    [InlineData("adult", "lightgbm", "lightgbm-readout", "erm", "jtt", "kd", "debiased", "group-dro", "dfr")]
    public async Task A_quick_study_of_methods_records_every_one_and_what_readouts_see(string study, params string[] methods)
    {
        RealData.Path(study == "adult" ? "adult" : "fashion-mnist");
        if (study == "adult") LightGbmNative.SkipWhereMissing();
        string json = Path.Combine(_folder, "figures.json");
        BuiltProgram run = await BuiltProgram.RunAsync(
            "Studies", "run", study, "--quick", "--json", json, "--out", _folder, "--report", Path.Combine(_folder, "report.html"));
        Assert.True(run.ExitCode == 0, run.Error + run.Output);
        string page = await File.ReadAllTextAsync(Path.Combine(_folder, "report.html"), TestContext.Current.CancellationToken);
        Assert.All(methods, method => Assert.Contains(method, page));

        using JsonDocument records = JsonDocument.Parse(await File.ReadAllTextAsync(json, TestContext.Current.CancellationToken));
        Assert.All(methods, method =>
            Assert.InRange(Assert.Single(Of(records, method)).GetProperty("metrics").GetProperty("unbiasedAccuracy").GetDouble(), 0, 1));
        if (study == "distillation") // a smoke run's teachers never teach the study itself
            Assert.All(
                Directory.GetFiles(Path.Combine(_folder, "teachers")),
                file => Assert.Contains("_quick_", Path.GetFileName(file), StringComparison.Ordinal));
        JsonElement diagnosis = Of(records, "erm")[0].GetProperty("metrics");
        Assert.All(
            ["Readout1.accuracy", "Readout1.auc", "Readout1Balanced.auc"],
            figure => Assert.InRange(diagnosis.GetProperty(figure).GetDouble(), 0, 1));
    }

    [Theory]
    [InlineData("afr", "gamma=4,penalty=0", false)]
    [InlineData("readout-afr", "stage=1,beta=2", true)]
    [InlineData("sieve", "rate=0.05,every=", false)] // found by the library's search
    public async Task A_quick_study_of_a_shortcut_has_a_record_of_a_method_at_its_setting(
        string method, string setting, bool hasReadout)
    {
        RealData.Path("fashion-mnist");
        string json = Path.Combine(_folder, "figures.json");
        BuiltProgram run = await BuiltProgram.RunAsync(
            "Studies", "run", "coloured-methods", "--quick", "--method", method, "--json", json, "--out", _folder);
        Assert.True(run.ExitCode == 0, run.Error + run.Output);
        using JsonDocument records = JsonDocument.Parse(await File.ReadAllTextAsync(json, TestContext.Current.CancellationToken));
        JsonElement record = Assert.Single(Of(records, method));
        Assert.StartsWith(setting, record.GetProperty("setting").GetString());
        Assert.InRange(record.GetProperty("metrics").GetProperty("unbiasedAccuracy").GetDouble(), 0.1, 1);
        Assert.Equal(hasReadout, record.GetProperty("metrics").TryGetProperty("Readout1.auc", out _));
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
        string json = Path.Combine(_folder, "figures.json");
        BuiltProgram run = await BuiltProgram.RunAsync(
            "Studies", "run", "tables", "--quick", "--data", _folder, "--json", json, "--out", _folder);
        Assert.True(run.ExitCode == 0, run.Error + run.Output);

        using JsonDocument records = JsonDocument.Parse(await File.ReadAllTextAsync(json, TestContext.Current.CancellationToken));
        foreach (string method in new[] { "logistic-regression", "erm", "sieve", "jtt", "debiased" })
        {
            JsonElement record = Assert.Single(Of(records, method));
            Assert.Equal("table-people", record.GetProperty("study").GetString());
            Assert.InRange(record.GetProperty("metrics").GetProperty("unbiasedAccuracy").GetDouble(), 0.8, 1);
        }

        await File.WriteAllTextAsync(Path.Combine(tables, "people.csv"), "label,age\nold,70\n", TestContext.Current.CancellationToken);
        run = await BuiltProgram.RunAsync(
            "Studies", "run", "tables", "--quick", "--data", _folder, "--out", Path.Combine(_folder, "faulty"));
        Assert.Equal(1, run.ExitCode);
        Assert.Contains("people.csv: no column group", run.Error);
    }

    [Theory]
    [InlineData("no command; there are list, run, all, queue, table, page, maps, find, check and devices")]
    [InlineData("no command 'shapes'", "shapes", "--quick")]
    [InlineData("run needs the name of a study", "run")]
    [InlineData("run: 'bar' is one word too many", "run", "shapes", "bar")]
    [InlineData("check needs the name of a data set and its folder", "check", "bar")]
    [InlineData("no data set 'cifar'", "check", "cifar", "/")]
    [InlineData("queue needs a file with a study a line", "queue")]
    [InlineData("no file nowhere.txt", "queue", "nowhere.txt")]
    [InlineData("no study 'mnist'", "run", "mnist")]
    [InlineData("no folder 'fashion-mnist'", "run", "coloured", "--data", "/", "--quick")]
    [InlineData("--no-search needs", "run", "shapes", "--no-search")]
    [InlineData("has plain, sieve and both, not 'kd'", "run", "shapes", "--method", "kd")]
    [InlineData("distillation-0.95 has teacher-dro", "run", "distillation", "--method", "sieve")]
    public async Task A_bad_command_line_says_why_and_exits_with_2(string message, params string[] arguments)
    {
        BuiltProgram run = await BuiltProgram.RunAsync("Studies", [.. arguments, "--out", _folder]);
        Assert.Equal(2, run.ExitCode);
        Assert.Contains(message, run.Error);
    }

    [Theory]
    [InlineData("coloured-methods --select groups", "--select: coloured-methods does not take it; it takes --trials, --search-seeds, ")]
    [InlineData("adult-methods --no-search", "--no-search: adult-methods does not take it; ")]
    [InlineData("pets --schedule cosine", "--schedule: pets does not take it; ")]
    [InlineData("multinli --schedule cosine", "--schedule: multinli does not take it; ")]
    [InlineData("adult --precision bfloat16", "--precision: adult does not take it; it takes --search-seeds, --epochs, --rows.")]
    [InlineData("adult --trials 3", "--trials: adult does not take it; ")]
    [InlineData("distillation --rate 0.1", "--rate: distillation does not take it; ")]
    [InlineData("coloured --average 0.9", "--average: coloured does not take it; ")]
    [InlineData("bar --select groups", "--select: bar does not take it; ")]
    [InlineData("celeba --partition 2", "--partition: celeba does not take it; ")]
    [InlineData("pets --rate 0.1 --rate 0.2", "--rate: this study has one learning rate for all methods; give it once.")]
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
            "--data", "--out", "--teachers", "--workers", "--minutes", "--seeds", "--method", "--json", "--report", "--quick", "--help",
        ];
        Assert.Equal(given.Order(), ofAll.Concat(StudyList.All.SelectMany(entry => entry.Options)).Distinct().Order());
        Assert.All(StudyList.All, entry => Assert.Equal(entry.Options.Distinct(), entry.Options));
    }

    [Fact]
    public async Task All_refuses_an_option_that_one_study_does_not_take_before_it_runs_another()
    {
        Directory.CreateDirectory(Path.Combine(_folder, "tables"));
        BuiltProgram all = await BuiltProgram.RunAsync(
            "Studies", "all", "--quick", "--schedule", "cosine", "--data", _folder, "--out", _folder);
        Assert.Equal(2, all.ExitCode);
        Assert.Contains("--schedule: tables does not take it; it takes --search-seeds, --rows.", all.Error);
        Assert.DoesNotContain("shapes: ", all.Output);
    }

    [Fact]
    public async Task A_setting_that_the_network_cannot_have_is_told_without_a_trace_of_the_program()
    {
        BuiltProgram run = await BuiltProgram.RunAsync(
            "Studies", "run", "shapes", "--quick", "--no-search", "--method", "sieve", "--rate", "0.05", "--setting", "stage=9", "--out",
            _folder);
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
        Assert.Contains("images (data: generated)", run.Output);
        Assert.Contains("weights (data: missing: bar, squeezenet1_1-imagenet)", run.Output);
    }

    [Fact]
    public async Task Devices_names_the_loaded_libtorch_and_computes_on_every_device()
    {
        BuiltProgram run = await BuiltProgram.RunAsync("Studies", "devices");
        Assert.True(run.ExitCode == 0, run.Error + run.Output);
        Assert.StartsWith("libtorch with", run.Output);
        Assert.Contains("cpu: a convolution differs from the CPU's by 0.0E+000", run.Output);
    }

    [Fact]
    public async Task All_runs_what_it_has_data_for_says_what_it_skips_and_table_prints_it()
    {
        BuiltProgram all = await BuiltProgram.RunAsync("Studies", "all", "--quick", "--data", _folder, "--out", _folder);
        Assert.True(all.ExitCode == 0, all.Error + all.Output);
        Assert.Contains($"bar: skipped, since the data folder {_folder} has no bar and no squeezenet1_1-imagenet.", all.Output);
        BuiltProgram table = await BuiltProgram.RunAsync("Studies", "table", "--out", _folder);
        Assert.True(table.ExitCode == 0, table.Error);
        Assert.Contains("| shapes | sieve-by-groups | conflicting rows | 1 |", table.Output);
        Assert.Contains("| **sieve-by-groups** | all |", table.Output);
        Assert.Contains("| BAR | sieve | – | not run |", table.Output);
        Assert.Contains("| rate=0.05,every=5,stage=1,depth=1,width=8,forget=0.15,readout=0.01 | 1 |", table.Output); // the Quickstart's
        Assert.Matches(@"\n(\d+) of \1 runs: .* cores; .*torchSharp 0\.107", table.Output);
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
    public void Every_command_of_the_short_studies_page_is_one_that_all_runs()
    {
        const string Program = "--project benchmarks/Studies -- ";
        string[] documented =
        [
            .. StudyList.All.SelectMany(entry => entry.Documented.Select(options => $"run {entry.Name} {options}".TrimEnd())),
        ];
        string page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "results-short.md")).ReplaceLineEndings("\n");
        string[] commands =
        [
            .. ContinuedLine().Replace(page, " ").Split('\n')
                .Where(
                    line => line.StartsWith("    ", StringComparison.Ordinal) && line.Contains(Program + "run", StringComparison.Ordinal))
                .Select(line => line[(line.IndexOf(Program, StringComparison.Ordinal) + Program.Length)..].TrimEnd()),
        ];
        Assert.NotEmpty(commands);
        Assert.Empty(commands.Except(documented));
        Assert.All(documented, command => Assert.Equal("run", StudyOptions.Parse(command.Split(' ')).Command));
    }

    [GeneratedRegex(@"(?<=^\s*)--[a-z-]+(?= )", RegexOptions.Multiline)]
    private static partial Regex Option();

    [GeneratedRegex(@" \\\n +")]
    private static partial Regex ContinuedLine();

    private static JsonElement[] Of(JsonDocument records, string method) =>
        [.. records.RootElement.EnumerateArray().Where(record => record.GetProperty("method").GetString() == method)];
}
