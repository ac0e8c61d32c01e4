using Microsoft.ML;
using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

/// <summary>Searches of distillation and of plain training.</summary>
public sealed class OtherSearchesTests
{
    private readonly MLContext _ml = new(seed: 1);

    [Fact]
    public void Debiased_distillation_is_held_against_plain_distillation()
    {
        var options = new DistillationSearchOptions { Space = new() { Beta = new(0.5, 6), Stages = [2, 7] } };
        using SearchResult<DebiasedDistillationTrainer.Options> result = Run(
            options, _ml.MulticlassClassification.SearchDebiasedDistillation);
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
        using SearchResult<DebiasedDistillationTrainer.Options> result = Run(
            options, _ml.MulticlassClassification.SearchDebiasedDistillation, trials: 4);
        SearchTrial diverged = result.Trials.First(trial => trial.State == TrialState.Diverged);
        Assert.Contains(diverged.Runs, run => run is { Score: 0, Fault: not null });
        Assert.False(result.Best.State == TrialState.Diverged);
        Assert.Contains(
            $"<li>trial {diverged.Number}, seed {diverged.Runs[0].Seed}: ", result.CreateReport().Html, StringComparison.Ordinal);
    }

    [Fact]
    public void Rates_of_plain_training_are_held_against_the_trainers_own()
    {
        var options = new PlainSearchOptions { Space = new() { LearningRate = new(0.03, 0.1) } };
        options.Trainer.Optimizer.LearningRate = 1e-6;
        using SearchResult<EarlyReadoutEstimator.Options> result = Run(options, _ml.MulticlassClassification.SearchEarlyReadout, fresh: 4);
        Assert.Empty(result.Trials[0].Settings);
        Assert.All(result.Trials.Skip(1), trial => Assert.Equal(["Optimizer.LearningRate", "Optimizer.WeightDecay"], trial.Settings.Keys));
        Assert.True(result.Gain!.IsSignificant, result.Verdict); // a millionth teaches nothing
        Assert.Same(result.BestOther, result.Best);
        Assert.Contains("is better than training at the trainer's own rates", result.Verdict, StringComparison.Ordinal);
        Assert.Contains(result.Groups, group => group.Name == "quarter 0"); // classes, since no groups are named
        Assert.Null(result.ConflictingRows);
        string page = result.CreateReport().Html;
        Assert.Contains("accuracy by Optimizer.LearningRate</title>", page, StringComparison.Ordinal);
        Assert.Contains("Where a shortcut misleads is not known without GroupColumnName.", page, StringComparison.Ordinal);
    }

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

    private SearchResult<TOptions> Run<TOptions, TSearch>(
        TSearch options, Func<TSearch, TrainerSearch<TOptions>> create, int trials = 2, int fresh = 2)
        where TOptions : TrainerOptions, new()
        where TSearch : SearchOptions<TOptions>
    {
        TOptions trainer = options.Trainer;
        (trainer.Network.HiddenUnits, trainer.BatchSize, trainer.Steps) = ([8, 8], 16, 27);
        (options.Trials, options.SeedsPerTrial, options.ConfirmationSeeds, options.Workers) = (trials, 1, fresh, 2);
        return create(options).Run(BiasedRow.View(_ml, 150), BiasedRow.View(_ml, 100, seed: 2));
    }
}
