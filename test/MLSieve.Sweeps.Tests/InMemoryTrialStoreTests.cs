using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

public sealed class InMemoryTrialStoreTests(ITestOutputHelper output) : TrialStoreContract(output)
{
    private readonly InMemoryTrialStore _store = new();

    /// <inheritdoc/>
    protected override ITrialStore Connect() => _store;
}
