using Microsoft.ML;
using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

public sealed class PlainSearchTests
{
    private readonly MLContext _ml = new(seed: 1);

    [Fact]
    public void Rates_of_plain_training_are_held_against_the_trainers_own()
    {
        var options = new PlainSearchOptions { Space = new() { LearningRate = new(0.03, 0.1) } };
        options.Trainer.Optimizer.LearningRate = 1e-6;
        using SearchResult<EarlyReadoutEstimator.Options> result = SmallSearch.Run(_ml, options, fresh: 4);
        Assert.Empty(result.Trials[0].Settings);
        Assert.All(result.Trials.Skip(1), trial => Assert.Equal(["Optimizer.LearningRate", "Optimizer.WeightDecay"], trial.Settings.Keys));
        Assert.True(result.Gain!.IsSignificant, result.Verdict); // a millionth teaches nothing
        Assert.Same(result.BestOther, result.Best);
        Assert.Contains("is better than training at the trainer's own rates", result.Verdict, StringComparison.Ordinal);
        Assert.Contains(result.Groups, group => group.Name == "quarter 0"); // classes, since no groups are named
        Assert.Null(result.ConflictingRows);
        string page = result.CreateReport().Html;
        Assert.Contains("accuracy by Optimizer.LearningRate</title>", page, StringComparison.Ordinal);
        Assert.Contains(
            "Where a shortcut misleads is not known without GroupColumnName in training and validation rows.", page,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_search_in_memory_searches_anew_on_other_rows_and_knows_what_it_has_found_on_the_same()
    {
        int trainers = 0;
        TrainerSearch<EarlyReadoutEstimator.Options>? search = null;
        var options = new PlainSearchOptions();
        (IDataView train, IDataView validation) = (BiasedRow.View(_ml, 120, seed: 3), BiasedRow.View(_ml, 80, seed: 4));
        using SearchResult<EarlyReadoutEstimator.Options> first = SmallSearch.Run(_ml, options, OneSearch);
        using SearchResult<EarlyReadoutEstimator.Options> other = search!.Run(train, validation);
        using SearchResult<EarlyReadoutEstimator.Options> alone = SmallSearch.Own(_ml, options).Run(train, validation);
        Assert.Equal(alone.ToJson(), other.ToJson());
        Assert.NotEqual(first.ToJson(), other.ToJson());

        int before = trainers;
        using SearchResult<EarlyReadoutEstimator.Options> again = SmallSearch.Run(_ml, options, OneSearch);
        Assert.Equal(first.ToJson(), again.ToJson());
        Assert.Equal(1, trainers - before); // it looks at the rows, and none is trained

        TrainerSearch<EarlyReadoutEstimator.Options> OneSearch(PlainSearchOptions each) =>
            search ??= new TrainerSearch<EarlyReadoutEstimator.Options>(_ml, each, (environment, trainer) =>
            {
                Interlocked.Increment(ref trainers);
                return new EarlyReadoutEstimator(environment, trainer);
            });
    }
}
