using Microsoft.ML;
using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

public sealed class DistillationSearchTests
{
    private readonly MLContext _ml = new(seed: 1);

    [Fact]
    public void Debiased_distillation_is_held_against_plain_distillation()
    {
        var options = new DistillationSearchOptions { Space = new() { Beta = new(0.5, 6), Stages = [2, 7] } };
        using SearchResult<DebiasedDistillationTrainer.Options> result = SmallSearch.Run(
            _ml, options, _ml.MulticlassClassification.SearchDebiasedDistillation);
        Assert.Equal("plain distillation", result.PlainName);
        Assert.Equal(["Method"], result.Trials[0].Settings.Keys);
        Assert.Equal(DistillationMethod.Plain, result.OptionsOf(result.Trials[0]).Method);
        Assert.All(result.Trials.Skip(1), trial =>
        {
            DebiasedDistillationTrainer.Options set = result.OptionsOf(trial);
            Assert.Equal((DistillationMethod.Debiased, 2), (set.Method, set.Readout.Stage)); // the network has no stage 7
            Assert.InRange(set.Beta!.Value, 0.5, 6);
            Assert.InRange(set.Alpha, 0.01, 2);
        });
        Assert.Equal(3, result.Trials.Select(trial => trial.Settings.GetValueOrDefault("Beta")).Distinct().Count());
        Assert.Contains("accuracy by Beta</title>", result.CreateReport().Html, StringComparison.Ordinal);
        using EarlyReadoutTransformer model = result.Fit(
            _ml.Data.TakeRows(BiasedRow.View(_ml), 100), 5, TestContext.Current.CancellationToken);
        Assert.Equal(4, model.ClassCount);
    }

    [Fact]
    public void A_distillation_trial_that_diverges_is_the_worst_and_no_error()
    {
        var options = new DistillationSearchOptions { Space = new() { LearningRate = new(0.01, 1e30) } };
        using SearchResult<DebiasedDistillationTrainer.Options> result = SmallSearch.Run(
            _ml, options, _ml.MulticlassClassification.SearchDebiasedDistillation, trials: 4);
        SearchTrial diverged = result.Trials.First(trial => trial.State == TrialState.Diverged);
        Assert.Contains(diverged.Runs, run => run is { Score: 0, Fault: not null });
        Assert.False(result.Best.State == TrialState.Diverged);
        Assert.Contains(
            $"<li>trial {diverged.Number}, seed {diverged.Runs[0].Seed}: ", result.CreateReport().Html, StringComparison.Ordinal);
    }
}
