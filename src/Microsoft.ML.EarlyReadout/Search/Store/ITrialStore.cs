using System.Diagnostics.CodeAnalysis;

namespace Microsoft.ML.EarlyReadout.Search;

/// <summary>
/// Where a search keeps its runs: what is to be trained, who trains it, and what came out. Workers of any number of processes and machines
/// that share a store share a search.
/// </summary>
/// <remarks>
/// A run is one trial trained from one seed. It is trained from rung to rung: at each it has taken a part of its steps, and its score says
/// whether it is worth the next. A worker claims a run for the length of a lease and renews it while it trains; times are those of the
/// store's own clock. The number of a claim's attempt is what tells it from a later one: a worker that has lost its claim can change
/// nothing any more. What an attempt says twice counts once, so that a statement whose answer was lost may be made again.
/// </remarks>
/// <threadsafety>All members are thread-safe.</threadsafety>
public interface ITrialStore
{
    /// <summary>Adds a search, or finds the one of this name.</summary>
    /// <param name="search">The search's name.</param>
    /// <param name="identity">All that its scores depend on, as names and values.</param>
    /// <returns>The identity that the store has: the given one where the search is new.</returns>
    /// <exception cref="TrialStoreException">The store cannot be reached, read or written.</exception>
    [Experimental(ExperimentalId.OwnStore)]
    IReadOnlyDictionary<string, string> Open(string search, IReadOnlyDictionary<string, string> identity);

    /// <summary>Adds runs; those whose number is in the store already are left as they are.</summary>
    /// <param name="search">The search's name.</param>
    /// <param name="runs">The runs.</param>
    /// <exception cref="TrialStoreException">The store cannot be reached, read or written.</exception>
    [Experimental(ExperimentalId.OwnStore)]
    void Add(string search, IReadOnlyList<SearchRun> runs);

    /// <summary>
    /// Claims a run, in one statement. First come runs that may be trained to a further rung, by <see cref="SearchRun.Priority"/> and
    /// number; then, so that a worker never waits for a decision, those that wait for one, the best score first. A run whose worker let
    /// its lease run out is claimed like one that nobody has; one that has failed too often is failed for good.
    /// </summary>
    /// <param name="search">The search's name.</param>
    /// <param name="worker">Who claims it, for people to read.</param>
    /// <param name="lease">How long the claim holds unless it is renewed.</param>
    /// <param name="failures">After so many failures, deaths of its worker included, a run is failed.</param>
    /// <returns>The claim; <see langword="null"/> where no run can be claimed now.</returns>
    /// <exception cref="TrialStoreException">The store cannot be reached, read or written.</exception>
    [Experimental(ExperimentalId.OwnStore)]
    RunClaim? Claim(string search, string worker, TimeSpan lease, int failures);

    /// <summary>Holds a claim for the length of another lease.</summary>
    /// <param name="claim">The claim.</param>
    /// <param name="lease">How long it holds from now on.</param>
    /// <returns>Whether the run is still this worker's to train.</returns>
    /// <exception cref="TrialStoreException">The store cannot be reached, read or written.</exception>
    [Experimental(ExperimentalId.OwnStore)]
    bool Renew(RunClaim claim, TimeSpan lease);

    /// <summary>
    /// Writes down that a run has reached a rung. The claim goes on, but where the rung is the run's last: the run is then finished.
    /// </summary>
    /// <param name="claim">The claim.</param>
    /// <param name="rung">The rung, from 1 to the run's last. One before that which the run has reached changes nothing.</param>
    /// <param name="score">The validation score there; a number.</param>
    /// <param name="outcome">All that is known of the run so far, as JSON; replaces what the store has.</param>
    /// <returns>Whether the run was still this worker's; where it was not, nothing has changed.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The run has no such rung, or the score is no number.</exception>
    /// <exception cref="TrialStoreException">The store cannot be reached, read or written.</exception>
    [Experimental(ExperimentalId.OwnStore)]
    bool Report(RunClaim claim, int rung, double score, string outcome);

    /// <summary>Hands a run back as it is, for others to go on with. It is no failure.</summary>
    /// <param name="claim">The claim.</param>
    /// <returns>Whether the run was still this worker's.</returns>
    /// <exception cref="TrialStoreException">The store cannot be reached, read or written.</exception>
    [Experimental(ExperimentalId.OwnStore)]
    bool Release(RunClaim claim);

    /// <summary>Writes down that a run has failed: it is tried again, or, after too many failures, failed for good.</summary>
    /// <param name="claim">The claim.</param>
    /// <param name="message">Why.</param>
    /// <param name="failures">After so many failures a run is failed.</param>
    /// <returns>Whether the run was still this worker's.</returns>
    /// <exception cref="TrialStoreException">The store cannot be reached, read or written.</exception>
    [Experimental(ExperimentalId.OwnStore)]
    bool Fail(RunClaim claim, string message, int failures);

    /// <summary>Writes down which trials go on after a rung. To say it twice changes nothing.</summary>
    /// <param name="search">The search's name.</param>
    /// <param name="rung">The rung, from 1: that all their runs have reached.</param>
    /// <param name="promoted">The trials that may be trained to the next rung.</param>
    /// <param name="stopped">
    /// The trials that are not trained further, those included that were trained at their worker's own risk: their runs are stopped, and a
    /// worker that trains one has lost its claim.
    /// </param>
    /// <exception cref="TrialStoreException">The store cannot be reached, read or written.</exception>
    [Experimental(ExperimentalId.OwnStore)]
    void Decide(string search, int rung, IReadOnlyList<int> promoted, IReadOnlyList<int> stopped);

    /// <summary>Reads all runs of a search, by number.</summary>
    /// <param name="search">The search's name.</param>
    /// <exception cref="TrialStoreException">The store cannot be reached, read or written.</exception>
    [Experimental(ExperimentalId.OwnStore)]
    IReadOnlyList<StoredRun> Read(string search);
}
