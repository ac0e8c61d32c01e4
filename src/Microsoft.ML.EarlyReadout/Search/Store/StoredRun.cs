using System.Diagnostics.CodeAnalysis;

namespace Microsoft.ML.EarlyReadout.Search;

/// <summary>A run as a store has it.</summary>
/// <param name="Run">The run.</param>
/// <param name="State">Where it stands.</param>
/// <param name="Attempt">The last claim's number; 0: never claimed.</param>
/// <param name="Failures">How often it has failed.</param>
/// <param name="Worker">Who claimed it last.</param>
/// <param name="Reached">The rung that it has reached; 0: none.</param>
/// <param name="Granted">The rung to which it may be trained by what is decided so far.</param>
/// <param name="Score">The validation score last reported.</param>
/// <param name="Outcome">What was last reported of it, as JSON.</param>
/// <param name="Message">Why it failed last.</param>
[Experimental(ExperimentalId.OwnStore)]
public sealed record StoredRun(
    SearchRun Run, RunState State, int Attempt, int Failures, string? Worker, int Reached, int Granted, double? Score, string? Outcome,
    string? Message)
{
    /// <summary>The message of a failed run. Workers that let their leases run out cannot say it themselves.</summary>
    /// <param name="message">What a worker last said of its failure, if any did.</param>
    /// <param name="deaths">How many of its failures were leases that ran out.</param>
    /// <returns>The message; <see langword="null"/> where nothing failed.</returns>
    public static string? MessageOf(string? message, int deaths)
    {
        if (deaths == 0) return message;
        string times = deaths == 1 ? "once" : FormattableString.Invariant($"{deaths} times");
        string died = $"Its worker died {times}, or could not renew its lease.";
        return message is null ? died : $"{message} {died}";
    }
}
