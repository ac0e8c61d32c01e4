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
