using System.Text.RegularExpressions;
using Microsoft.Data.Sqlite;
using Microsoft.ML.EarlyReadout;
using Sweep;

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
    public async Task Without_libtorch_it_says_what_to_add_and_exits_with_2()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Elsewhere TorchSharp looks for libtorch itself.");
        using var file = new TemporaryFile();
        BuiltProgram run = await BuiltProgram.RunAsync("Sweep", ["--store", file.Path], interruptWhen: null, libTorch: "/nowhere");
        Assert.True(run.ExitCode == 2, $"{run.ExitCode} {run.Error}{run.Output}");
        Assert.StartsWith(
            "MLSIEVE_LIBTORCH names the folder '/nowhere', which does not exist. Add one of the packages ", run.Error,
            StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void It_exits_with_1_where_another_try_may_do_better_and_with_2_where_it_fails_again()
    {
        Assert.Equal(ExitCode.Failed, ExitCode.Of(new InvalidDataException("Row 3 cannot be read.", new IOException("No host."))));
        Assert.Equal(ExitCode.Failed, ExitCode.Of(new IOException("The disk is full.")));
        Assert.Equal(ExitCode.Failed, ExitCode.Of(new TrainingOutOfMemoryException()));
        Exception[] again =
        [
            new InvalidDataException("Row 3 is not finite."),
            new InvalidDataException("Row 3 cannot be read.", new FormatException("It is no picture.")),
            new InvalidDataException("Row 3 cannot be read.", new FileNotFoundException()),
            new InvalidDataException("Row 3 cannot be read.", new DirectoryNotFoundException()),
            new InvalidDataException("Row 3 cannot be read.", new EndOfStreamException()),
            new NativeBackendException(),
        ];
        Assert.All(again, fault => Assert.Equal(ExitCode.FailsAgain, ExitCode.Of(fault)));
        Assert.Null(ExitCode.Of(new NotSupportedException()));
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

    [Fact]
    public async Task A_search_of_which_no_trial_finished_is_a_message_and_exits_with_2()
    {
        using var file = new TemporaryFile();
        string[] arguments = ["--store", file.Path, "--trials", "1", "--steps", "27"];
        (int code, string written) = await RunAsync();
        Assert.True(code == 0, $"{code} {written}");
        using (SqliteConnection store = file.Connect())
            store.Execute("update mlsieve_runs set state = 'Failed', outcome = null, message = 'The disk is gone.'");
        (code, written) = await RunAsync();
        Assert.True(code == 2, $"{code} {written}");
        Assert.Contains(
            "No trial finished: 0 runs diverged and 4 failed. The first said: The disk is gone.", written, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", written, StringComparison.Ordinal);

        async Task<(int ExitCode, string Written)> RunAsync()
        {
            using SweepProcess sample = SweepProcess.Start(arguments);
            return await sample.EndAsync();
        }
    }

    [GeneratedRegex("--[a-z]+")]
    private static partial Regex Option();
}
