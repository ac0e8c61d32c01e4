namespace MLSieve.Tests;

public sealed class TextShortcutTests
{
    [Fact]
    public async Task A_small_run_evaluates_both_trainings_by_group_and_sums_up_over_seeds()
    {
        BuiltProgram run = await BuiltProgram.RunAsync("TextShortcut", "2", "96", "1");
        Assert.True(run.ExitCode == 0, run.Error + run.Output);
        Assert.Matches("(?s)plain training, .*good.*regal.*Just Train Twice, .*Seed 1: worst group .*Seed 2: worst group", run.Output);
        Assert.Matches("Over 2 seeds: worst group [0-9.]+ % → [0-9.]+ %, mean of groups [0-9.]+ % → [0-9.]+ %[.]", run.Output);
    }

    [Fact]
    public async Task Too_few_rows_are_a_message_and_exit_code_1()
    {
        BuiltProgram run = await BuiltProgram.RunAsync("TextShortcut", "1", "1", "1");
        Assert.True(run.ExitCode == 1, $"{run.ExitCode} {run.Error}{run.Output}");
        Assert.Contains("The label column 'Label' knows only one class", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_libtorch_the_sample_says_what_to_add_and_exits_with_1()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Elsewhere TorchSharp looks for libtorch itself.");
        BuiltProgram run = await BuiltProgram.RunAsync("TextShortcut", ["1", "96", "1"], interruptWhen: null, libTorch: "/nowhere");
        Assert.True(run.ExitCode == 1, $"{run.ExitCode} {run.Error}{run.Output}");
        Assert.StartsWith(
            "MLSIEVE_LIBTORCH names the folder '/nowhere', which does not exist. Add one of the packages ", run.Error,
            StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0")]
    [InlineData("many")]
    [InlineData("1", "2", "3", "4", "5")]
    public async Task Other_arguments_are_refused_with_the_usage_and_exit_code_2(params string[] arguments)
    {
        BuiltProgram run = await BuiltProgram.RunAsync("TextShortcut", arguments);
        Assert.Equal(2, run.ExitCode);
        Assert.Contains("usage: TextShortcut", run.Error, StringComparison.Ordinal);
    }
}
