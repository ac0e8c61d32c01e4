using System.Collections.Concurrent;
using Microsoft.ML;
using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

/// <summary>Searches that train: a small network, few rows, 27 steps, one seed a trial.</summary>
internal static class SmallSearch
{
    /// <summary>Searches the rates of plain training.</summary>
    /// <param name="ml">The context, which the rows are of too.</param>
    /// <param name="options">The options; the size of the search is set in them.</param>
    /// <param name="fresh">The seeds that confirm the choice.</param>
    /// <param name="workers">Runs that are trained at a time.</param>
    public static SearchResult<EarlyReadoutEstimator.Options> Run(
        MLContext ml, PlainSearchOptions options, int fresh = 2, int workers = 2) =>
        Run(ml, options, ml.MulticlassClassification.SearchEarlyReadout, fresh: fresh, workers: workers);

    /// <summary>As <see cref="Run(MLContext, PlainSearchOptions, int, int)"/>, with a search of any trainer.</summary>
    public static SearchResult<TOptions> Run<TOptions, TSearch>(
        MLContext ml, TSearch options, Func<TSearch, TrainerSearch<TOptions>> create, int trials = 2, int fresh = 2, int workers = 2)
        where TOptions : TrainerOptions, new()
        where TSearch : SearchOptions<TOptions>
    {
        TOptions trainer = options.Trainer;
        (trainer.Network.HiddenUnits, trainer.BatchSize, trainer.Steps) = ([8, 8], 16, 27);
        (options.Trials, options.SeedsPerTrial, options.ConfirmationSeeds, options.Workers) = (trials, 1, fresh, workers);
        return create(options).Run(BiasedRow.View(ml, 150), BiasedRow.View(ml, 100, seed: 2));
    }

    /// <summary>Runs a search that is cancelled at its first report, which takes until the search has stopped its runs.</summary>
    public static OperationCanceledException RunUntilCancelled(MLContext ml, PlainSearchOptions options, Action cancel)
    {
        var tokens = new ConcurrentQueue<CancellationToken>();
        options.Progress = new ProgressReceiver(() =>
        {
            cancel();
            SpinWait.SpinUntil(
                () => tokens.Any(token => token != options.CancellationToken && token.IsCancellationRequested), TimeSpan.FromMinutes(1));
        });
        return Assert.Throws<OperationCanceledException>(() => Run(
            ml,
            options,
            each => new TrainerSearch<EarlyReadoutEstimator.Options>(ml, each, (environment, trainer) =>
            {
                tokens.Enqueue(trainer.CancellationToken);
                return new EarlyReadoutEstimator(environment, trainer);
            })));
    }

    /// <summary>A search as of a trainer of one's own.</summary>
    public static TrainerSearch<EarlyReadoutEstimator.Options> Own(MLContext ml, PlainSearchOptions options) =>
        new(ml, options, (environment, trainer) => new EarlyReadoutEstimator(environment, trainer));
}
