namespace MLSieve.Tests;

/// <summary>Does something at each report of a search, on the thread that reports.</summary>
internal sealed class ProgressReceiver(Action receive) : IProgress<SearchProgress>
{
    public void Report(SearchProgress value) => receive();
}
