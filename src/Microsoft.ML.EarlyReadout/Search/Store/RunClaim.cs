namespace Microsoft.ML.EarlyReadout.Search;

/// <summary>A worker's claim to train a run.</summary>
/// <param name="Search">The search's name.</param>
/// <param name="Run">The run.</param>
/// <param name="Attempt">Counts the claims of this run, from 1. A store takes nothing from an earlier one.</param>
/// <param name="Reached">The rung that the run has reached; 0: none.</param>
/// <param name="Granted">The rung to which it may be trained by what is decided so far.</param>
/// <param name="Outcome">What was last reported of it; <see langword="null"/>: nothing.</param>
public sealed record RunClaim(string Search, SearchRun Run, int Attempt, int Reached, int Granted, string? Outcome);
