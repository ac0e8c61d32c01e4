using System.Globalization;
using System.Text.Json;
using Microsoft.ML.EarlyReadout;
using Quickstart;

namespace MLSieve.Tests;

public sealed class QuickstartTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("quickstart-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_small_run_trains_saves_reloads_compares_and_records_both_methods()
    {
        string json = Path.Combine(_folder, "figures.json"), report = Path.Combine(_folder, "reports", "report.html");
        BuiltProgram run = await BuiltProgram.RunAsync(
            "Quickstart", "--rows", "64", "--steps", "2", "--seed", "6", "--seeds", "2", "--output", _folder, "--json", json, "--report",
            report);
        Assert.True(run.ExitCode == 0, run.Error + run.Output);
        Assert.Contains("sieve.zip reloaded by stock ML.NET: 0 labels differ", run.Output);
        Assert.Matches("Where the background conflicts, the sieve .*95 % interval of the difference over 2 seeds, test images", run.Output);
        Assert.Matches(
            "plain: [0-9.]+ % of validation images, mean of groups; it rose by [0-9.]+ points in the last third of the steps, while the "
                + "learning rate fell to zero", run.Output);
        Assert.True(File.Exists(Path.Combine(_folder, "seed-7", "plain.zip")));

        string page = await File.ReadAllTextAsync(report, TestContext.Current.CancellationToken);
        foreach (string heading in new[]
        {
            "Accuracy by group",
            "Confident mistakes",
            "What can be decided early",
            "The rows that count most",
            "Training",
        })
            Assert.Contains(heading + "</h2>", page, StringComparison.Ordinal);

        using JsonDocument records = JsonDocument.Parse(await File.ReadAllTextAsync(json, TestContext.Current.CancellationToken));
        Assert.Equal(
            [("plain", 6), ("sieve", 6), ("plain", 7), ("sieve", 7)],
            records.RootElement.EnumerateArray()
                .Select(record => (record.GetProperty("method").GetString()!, record.GetProperty("seed").GetInt32())));
        Assert.All(records.RootElement.EnumerateArray(), record =>
        {
            Assert.Equal("quickstart", record.GetProperty("study").GetString());
            foreach (string metric in new[] { "worstGroupAccuracy", "averageAccuracy", "unbiasedAccuracy" })
                Assert.InRange(record.GetProperty("metrics").GetProperty(metric).GetDouble(), 0, 1);
        });
    }

    [Fact]
    public async Task Without_libtorch_the_sample_says_what_to_add_and_exits_with_1()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Elsewhere TorchSharp looks for libtorch itself.");
        BuiltProgram run = await BuiltProgram.RunAsync(
            "Quickstart", ["--rows", "64", "--steps", "2", "--output", _folder], interruptWhen: null, libTorch: "/nowhere");
        Assert.True(run.ExitCode == 1, $"{run.ExitCode} {run.Error}{run.Output}");
        Assert.StartsWith("MLSIEVE_LIBTORCH names the folder '/nowhere', which does not exist. Add one of the packages ", run.Error);
        Assert.DoesNotContain("   at ", run.Error);
    }

    [Fact]
    public async Task Ctrl_C_keeps_the_best_model_so_far_and_a_checkpoint_and_the_figures_of_the_run_before()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Sends SIGINT.");
        string checkpoints = Path.Combine(_folder, "seed-11", "plain-checkpoints"), json = Path.Combine(_folder, "figures.json");
        await File.WriteAllTextAsync(json, "[1]\n", TestContext.Current.CancellationToken);
        BuiltProgram run = await BuiltProgram.RunAsync(
            "Quickstart", ["--rows", "64", "--steps", "20000", "--output", _folder, "--json", json], interruptWhen: () =>
                Directory.Exists(checkpoints) && Directory.EnumerateDirectories(checkpoints, "checkpoint-*").Any());
        Assert.True(run.ExitCode == 130, $"{run.ExitCode} {run.Error}{run.Output}");
        Assert.Contains("run again with --output", run.Error);
        using var best = (IDisposable)new Microsoft.ML.MLContext().Model.Load(Path.Combine(_folder, "seed-11", "plain.zip"), out _);
        Assert.NotNull(best);
        Assert.NotEmpty(Directory.EnumerateDirectories(checkpoints, "checkpoint-*"));
        Assert.Empty(Directory.EnumerateFileSystemEntries(checkpoints, "*.partial"));
        Assert.Equal("[1]\n", await File.ReadAllTextAsync(json, TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("00:59:59", ", 59:59 left")]
    [InlineData("01:23:20", ", 1 h 23 min left")]
    [InlineData("00:00:00", ", 00:00 left")]
    [InlineData(null, "")]
    public void The_time_that_a_training_still_takes_has_its_hours_and_is_told_where_known(string? time, string left) => Assert.Equal(
        $"seed 1, plain: epoch 1/3, step 2/4, main 0.500, 100 rows/s{left}",
        TrainingDisplay.Full("seed 1, plain", new TrainingProgress(
            1, 3, 2, 4, new Dictionary<string, double> { ["main"] = 0.5 }, 100,
            time is null ? null : TimeSpan.Parse(time, CultureInfo.InvariantCulture))));

    [Theory]
    [InlineData("--strength takes a number from 0.25 to 1, not '2'", "--strength", "2")]
    [InlineData("--rows takes a whole number", "--rows", "many")]
    [InlineData("--steps needs a value", "--steps")]
    [InlineData("unknown option --speed", "--speed")]
    [InlineData("--seeds does not go with --search", "--search", "--seeds", "2")]
    [InlineData("--seed does not go with --search", "--search", "--seed", "2")]
    [InlineData("--seeds takes a whole number from 1 to 10", "--seeds", "11")]
    [InlineData("--trials goes only with --search", "--trials", "2")]
    [InlineData("/dev/null", "--output", "/dev/null/folder")]
    public async Task A_bad_argument_says_why_and_exits_with_2(string message, params string[] arguments)
    {
        BuiltProgram run = await BuiltProgram.RunAsync("Quickstart", arguments);
        Assert.Equal(2, run.ExitCode);
        Assert.Contains(message, run.Error);
    }

    [Fact]
    public async Task Help_exits_with_0()
    {
        BuiltProgram run = await BuiltProgram.RunAsync("Quickstart", "--help");
        Assert.Equal(0, run.ExitCode);
        Assert.Contains("--strength", run.Output);
    }
}
