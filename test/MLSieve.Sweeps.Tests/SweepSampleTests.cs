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

    [GeneratedRegex("--[a-z]+")]
    private static partial Regex Option();
}
