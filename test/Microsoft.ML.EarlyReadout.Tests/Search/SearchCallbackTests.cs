using Microsoft.ML;
using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

/// <summary>Exceptions of what a search calls while it works: the receiver of its progress, and handlers of the log.</summary>
public sealed class SearchCallbackTests
{
    private readonly MLContext _ml = new(seed: 1);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void An_exception_of_the_receiver_of_progress_ends_the_search_and_is_no_failure_of_a_run(bool isCancellation)
    {
        Exception thrown = isCancellation ? new OperationCanceledException("Enough.") : new IOException("The dashboard is gone.");
        var store = new InMemoryTrialStore();
        var options = new PlainSearchOptions { Store = store, Progress = new ProgressReceiver(() => throw thrown) };
        Assert.Same(thrown, Assert.ThrowsAny<Exception>(() => SmallSearch.Run(_ml, options)));
        IReadOnlyList<StoredRun> runs = store.Read("search");
        Assert.Contains(runs, run => run.Attempt > 0);
        Assert.All(
            runs, run => Assert.True(run is { Failures: 0, State: not (RunState.Running or RunState.Failed) }, $"{run}")); // handed back
        options.Progress = null;
        using SearchResult<EarlyReadoutEstimator.Options> result = SmallSearch.Run(_ml, options);
        using SearchResult<EarlyReadoutEstimator.Options> undisturbed = SmallSearch.Run(_ml, new PlainSearchOptions());
        Assert.Equal(undisturbed.ToJson(), result.ToJson());
    }

    [Fact]
    public void An_exception_of_a_handler_of_the_log_ends_the_search_and_is_no_failure_of_a_run()
    {
        var thrown = new InvalidOperationException("The log is full.");
        bool isFull = true;
        _ml.Log += (_, line) =>
        {
            if (isFull && line.RawMessage.Contains(" of 27 steps, ", StringComparison.Ordinal)) throw thrown;
        };
        var store = new InMemoryTrialStore();
        var options = new PlainSearchOptions { Store = store };
        Assert.Same(thrown, Assert.Throws<InvalidOperationException>(() => SmallSearch.Run(_ml, options)));
        IReadOnlyList<StoredRun> runs = store.Read("search");
        Assert.Contains(runs, run => run.Reached > 0);
        Assert.All(
            runs, run => Assert.True(run is { Failures: 0, State: not (RunState.Running or RunState.Failed) }, $"{run}")); // handed back
        isFull = false;
        using SearchResult<EarlyReadoutEstimator.Options> result = SmallSearch.Run(_ml, options);
        Assert.All(result.Trials.SelectMany(trial => trial.Runs), run => Assert.Null(run.Fault));
    }
}
