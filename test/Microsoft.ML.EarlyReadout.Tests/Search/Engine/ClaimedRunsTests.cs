using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

public sealed class ClaimedRunsTests
{
    private static readonly TimeSpan Lease = TimeSpan.FromMinutes(1);

    [Fact]
    public void A_run_that_another_worker_of_the_process_claims_anew_is_lost_to_the_first()
    {
        var runs = new ClaimedRuns(new InMemoryTrialStore(), Lease, null!);
        using ClaimedRun first = Claimed(attempt: 1), second = Claimed(attempt: 2);
        runs.Add(first);
        runs.Add(second);
        Assert.Equal((true, false), (first.IsLost, second.IsLost));
        runs.Remove(first); // which is not there any more
        Assert.True(runs.Contains(5));
        runs.Remove(second);
        Assert.False(runs.Contains(5));
    }

    [Fact]
    public void A_claim_that_is_due_is_renewed_and_one_that_is_gone_ends_the_training()
    {
        var store = new InMemoryTrialStore();
        store.Add("search", [new SearchRun(5, 2, 1, "{}", 3, 1, 0)]);
        var runs = new ClaimedRuns(store, Lease, null!);
        using var held = new ClaimedRun(store.Claim("search", "me", Lease, 3)!, CancellationToken.None);
        runs.Add(held);
        held.RenewedAt -= 21_000; // a third of the lease and more ago
        runs.Renew();
        Assert.False(held.Token.IsCancellationRequested);

        store.Release(held.Claim);
        runs.Renew();
        Assert.False(held.IsLost); // it was renewed just now
        held.RenewedAt -= 21_000;
        runs.Renew();
        Assert.Equal((true, true), (held.IsLost, held.Token.IsCancellationRequested));
    }

    private static ClaimedRun Claimed(int attempt) =>
        new(new RunClaim("search", new SearchRun(5, 2, 1, "{}", 3, 1, 0), attempt, 0, null), CancellationToken.None);
}
