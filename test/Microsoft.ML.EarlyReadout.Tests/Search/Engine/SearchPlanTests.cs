using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

public sealed class SearchPlanTests
{
    [Fact]
    public void Where_plain_training_has_what_is_varied_every_fifth_trial_is_plain()
    {
        var network = new SearchedNetwork("net", ["one"], [1], 0.05, UsesSgd: true);
        var space = new DistillationSpace { Lambda = [0.5, 1], LearningRate = new(1e-3, 1e-1) };
        IReadOnlyList<PlannedTrial> trials = SearchPlan.Draw(space, network, 10, SeedSequence.Of(1));
        Assert.Equal([0, 5, 10], trials.Where(trial => trial.IsPlain).Select(trial => trial.Number));
        Assert.All(trials.Where(trial => trial is { IsPlain: true, Number: > 0 }), trial =>
            Assert.Equal(["Lambda", "Method", "Optimizer.LearningRate"], trial.Settings.Keys.Order(StringComparer.Ordinal)));
        Assert.All(trials.Where(trial => !trial.IsPlain), trial => Assert.DoesNotContain("Method", trial.Settings.Keys));
    }
}
