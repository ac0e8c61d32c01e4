using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

/// <summary>What a search says that has nothing to choose from: plain training and two others, at 2 and 6 steps, one seed.</summary>
public sealed class SearchFailureTests
{
    private const string First = "The first said: Too fast.";
    private const string Advice =
        "Lower Trainer.Optimizer.LearningRate, which other rates are multiples of; see too that features are normalised.";

    [Fact]
    public void Rates_are_told_only_where_some_were_tried()
    {
        StoredRun[] Diverged(SearchPlan plan) => [.. plan.FirstRuns().Select(run => Run(run, "Too fast."))];
        Assert.Equal($"All 3 trials diverged. {First} {Advice}", Message(PlanOf("Beta"), Diverged));
        Assert.Equal(
            $"All 3 trials diverged. Tried were ForgetLearningRate 1 to 2. {First} {Advice}",
            Message(PlanOf("ForgetLearningRate"), Diverged));
    }

    [Fact]
    public void Trials_that_were_stopped_before_the_others_diverged_are_not_counted_as_diverged() => Assert.Equal(
        $"No trial finished: 2 of 3 runs diverged, and the trials of the others were stopped before. {First} {Advice}",
        Message(PlanOf("Beta"), plan => [.. plan.FirstRuns().Select(run => run.Trial switch
        {
            0 => Run(run, "Too fast."),
            1 => Run(run, "Too fast, later.", 0.9), // goes on for its figure
            _ => Run(run, null, 0.5),
        })]));

    [Fact]
    public void Runs_that_failed_are_counted_apart() => Assert.Equal(
        "No trial finished: 2 runs diverged and 1 failed. The first said: No memory.",
        Message(PlanOf("Beta"), plan => [.. plan.FirstRuns().Select(run => run.Trial == 0
            ? Run(run, null) with { State = RunState.Failed, Message = "No memory." }
            : Run(run, "Too fast."))]));

    private static string Message(SearchPlan plan, Func<SearchPlan, StoredRun[]> runs) =>
        SearchFailure.Of(plan, new Standings(plan, runs(plan))).Message;

    private static SearchPlan PlanOf(string option) => new()
    {
        PlainName = "plain training",
        Trials =
        [
            new(0, true, new Dictionary<string, string>(), 0.1),
            new(1, false, new Dictionary<string, string> { [option] = "1" }, 0.1),
            new(2, false, new Dictionary<string, string> { [option] = "2" }, 0.1),
        ],
        Rungs = new RungPlan([2, 6], 2),
        Factor = 3,
        Seeds = [11],
        ConfirmationSeeds = [],
    };

    private static StoredRun Run(SearchRun run, string? divergence, params double[] figures) =>
        new(run, RunState.Finished, 1, 0, null, figures.Length, run.Granted, null, new RunOutcome
        {
            Points = [.. figures.Select((figure, i) => new RunOutcome.Point(i == 0 ? 2 : 6, figure, [], new Dictionary<string, double>()))],
            Divergence = divergence,
        }.ToJson(), null);
}
