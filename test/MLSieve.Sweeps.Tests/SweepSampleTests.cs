using System.Text.RegularExpressions;

namespace MLSieve.Tests;

public sealed partial class SweepSampleTests
{
    [Theory]
    [InlineData("slurm/array.sh")]
    [InlineData("kubernetes/job.yaml")]
    public async Task What_schedulers_start_has_options_that_the_sample_knows(string file)
    {
        string path = Path.Combine(Repository.Root, "samples", "Sweep", file);
        string text = await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken);
        string arguments = text[text.IndexOf("--store", StringComparison.Ordinal)..];
        string[] named = [.. Option().Matches(arguments).Select(option => option.Value)];
        Assert.Equal(["--store", "--checkpoints", "--workers"], named);
        using SweepProcess help = SweepProcess.Start("--help");
        (int code, string written) = await help.EndAsync();
        Assert.Equal(0, code);
        Assert.All(named, name => Assert.Contains($"\n{name} ", written, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("unknown option --speed", "--speed")]
    [InlineData("--trials takes a whole number, not 'many'", "--trials", "many")]
    [InlineData("--store needs a value", "--store")]
    [InlineData("Trials is 0", "--trials", "0")]
    [InlineData("This is no connection string", "--store", "Host=db;Passwort=sesame")]
    public async Task A_bad_argument_says_why_and_exits_with_2(string message, params string[] arguments)
    {
        using SweepProcess sample = SweepProcess.Start(arguments);
        (int code, string written) = await sample.EndAsync();
        Assert.Equal(2, code);
        Assert.Contains(message, written, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_pods_of_the_Job_are_not_root_and_may_write_the_checkpoints()
    {
        string job = await File.ReadAllTextAsync(
            Path.Combine(Repository.Root, "samples", "Sweep", "kubernetes", "job.yaml"), TestContext.Current.CancellationToken);
        Assert.Contains("\n      securityContext: { fsGroup: 1654, runAsNonRoot: true }\n", job, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_result_that_may_not_be_written_is_a_message_and_exits_with_1()
    {
        string folder = Directory.CreateTempSubdirectory("sweep-").FullName;
        using SweepProcess sample = SweepProcess.Start(
            "--store", Path.Combine(folder, "search.db"), "--trials", "1", "--steps", "27", "--json", folder);
        (int code, string written) = await sample.EndAsync();
        Assert.True(code == 1, $"{code} {written}");
        Assert.Contains($"Access to the path '{folder}' is denied.", written, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", written, StringComparison.Ordinal);
        Directory.Delete(folder, recursive: true);
    }

    [GeneratedRegex("--[a-z]+")]
    private static partial Regex Option();
}
