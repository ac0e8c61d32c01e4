using System.Text.Json;

namespace MLSieve.Tests;

public sealed class StudyProgramTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("study-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("shapes", false, "-by-groups")]
    [InlineData("coloured", true, "-by-groups")]
    [InlineData("dominoes", true, "-by-groups")]
    [InlineData("bar", true, "")] // no group labels to choose by
    public async Task A_quick_study_records_both_methods_with_their_logs(string study, bool needsData, string suffix)
    {
        if (needsData && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("MLSIEVE_DATA"))) Assert.Skip("MLSIEVE_DATA is not set: no real data here.");
        string json = Path.Combine(_folder, "figures.json");
        BuiltProgram run = await BuiltProgram.RunAsync("Studies", study, "--quick", "--select", "groups", "--json", json);
        Assert.True(run.ExitCode == 0, run.Error + run.Output);

        using JsonDocument records = JsonDocument.Parse(await File.ReadAllTextAsync(json, TestContext.Current.CancellationToken));
        JsonElement[] plain = Of(records, "plain" + suffix);
        JsonElement[] sieve = Of(records, "sieve" + suffix);
        Assert.NotEmpty(plain);
        Assert.Equal(plain.Length, sieve.Length);
        Assert.All(plain.Concat(sieve), record =>
        {
            Assert.StartsWith(study, record.GetProperty("study").GetString());
            Assert.InRange(record.GetProperty("metrics").GetProperty("averageAccuracy").GetDouble(), 0, 1);
            Assert.Single(record.GetProperty("log").EnumerateArray());
        });
        JsonElement[] forgetting = [.. records.RootElement.EnumerateArray().Where(record => !record.GetProperty("setting").GetString()!.EndsWith("every=0", StringComparison.Ordinal))];
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
        BuiltProgram run = await BuiltProgram.RunAsync("Studies", study, "--quick", "--json", json);
        Assert.True(run.ExitCode == 0, run.Error + run.Output);

        using JsonDocument records = JsonDocument.Parse(await File.ReadAllTextAsync(json, TestContext.Current.CancellationToken));
        Assert.All(methods, method => Assert.InRange(Assert.Single(Of(records, method)).GetProperty("metrics").GetProperty("unbiasedAccuracy").GetDouble(), 0, 1));
        JsonElement diagnosis = Of(records, "erm")[0].GetProperty("metrics");
        Assert.All(["Readout1.accuracy", "Readout1.auc", "Readout1Balanced.auc"], figure => Assert.InRange(diagnosis.GetProperty(figure).GetDouble(), 0, 1));
    }

    [Fact]
    public async Task A_kept_run_is_not_run_again()
    {
        string[] arguments = ["shapes", "--quick", "--out", _folder];
        BuiltProgram first = await BuiltProgram.RunAsync("Studies", arguments);
        Assert.True(first.ExitCode == 0, first.Error);
        string[] kept = await File.ReadAllLinesAsync(Path.Combine(_folder, "runs.jsonl"), TestContext.Current.CancellationToken);
        BuiltProgram second = await BuiltProgram.RunAsync("Studies", arguments);
        Assert.True(second.ExitCode == 0, second.Error);
        Assert.Equal(kept, await File.ReadAllLinesAsync(Path.Combine(_folder, "runs.jsonl"), TestContext.Current.CancellationToken));
        Assert.DoesNotContain("  seed ", second.Output);
    }

    [Theory]
    [InlineData("no study named")]
    [InlineData("no study 'mnist'", "mnist")]
    [InlineData("no folder 'fashion-mnist'", "coloured", "--data", "/", "--quick")]
    [InlineData("--no-search needs", "shapes", "--no-search")]
    [InlineData("has plain, sieve and both, not 'kd'", "shapes", "--method", "kd")]
    [InlineData("distillation-0.95 has teacher-dro", "distillation", "--method", "sieve")]
    public async Task A_bad_command_line_says_why_and_exits_with_2(string message, params string[] arguments)
    {
        BuiltProgram run = await BuiltProgram.RunAsync("Studies", arguments);
        Assert.Equal(2, run.ExitCode);
        Assert.Contains(message, run.Error);
    }

    private static JsonElement[] Of(JsonDocument records, string method) =>
        [.. records.RootElement.EnumerateArray().Where(record => record.GetProperty("method").GetString() == method)];
}
