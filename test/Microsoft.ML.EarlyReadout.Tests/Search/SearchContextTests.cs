using System.Reflection;
using Microsoft.ML;
using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

/// <summary>What a search has of the context that it is made with.</summary>
public sealed class SearchContextTests
{
    private readonly MLContext _ml = new(seed: 1);

    [Fact]
    public void A_search_has_the_seed_of_the_context_that_it_is_made_with()
    {
        string expected = Settings(new MLContext(), seed: 1);
        Assert.Equal(expected, Settings(new MLContext(seed: 1), seed: null));
        Assert.NotEqual(expected, Settings(new MLContext(seed: 2), seed: null));

        string Settings(MLContext ml, int? seed)
        {
            using SearchResult<EarlyReadoutEstimator.Options> result = SmallSearch.Run(
                _ml, new PlainSearchOptions { Seed = seed }, options => SmallSearch.Own(ml, options));
            return string.Join(' ', result.Trials[1].Settings.Values);
        }
    }

    [Fact]
    public void A_search_stops_where_the_context_that_it_is_made_with_is_cancelled()
    {
        // What AutoML calls at the end of a trial's time; ML.NET keeps it internal.
        MethodInfo cancel = typeof(MLContext).GetMethod(
            "CancelExecution", BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public)!;
        OperationCanceledException fault = SmallSearch.RunUntilCancelled(_ml, new PlainSearchOptions(), () => cancel.Invoke(_ml, null));
        Assert.Equal("The MLContext's execution was cancelled.", fault.Message);
    }
}
