namespace Microsoft.ML.EarlyReadout.Search;

/// <summary>A run as a store has it.</summary>
/// <param name="Run">The run.</param>
/// <param name="State">Where it stands.</param>
/// <param name="Attempt">The last claim's number; 0: never claimed.</param>
/// <param name="Failures">How often it has failed.</param>
/// <param name="Worker">Who claimed it last.</param>
/// <param name="Reached">The rung that it has reached; 0: none.</param>
/// <param name="Granted">The rung to which it may be trained by what is decided so far.</param>
/// <param name="Figure">The validation figure last reported.</param>
/// <param name="Outcome">What was last reported of it, as JSON.</param>
/// <param name="Message">Why it failed last.</param>
public sealed record StoredRun(
    SearchRun Run, RunState State, int Attempt, int Failures, string? Worker, int Reached, int Granted, double? Figure, string? Outcome,
    string? Message);
