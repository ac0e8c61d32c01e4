using System.Diagnostics.CodeAnalysis;

namespace Microsoft.ML.EarlyReadout.Search;

/// <summary>A worker's claim to train a run.</summary>
/// <param name="Search">The search's name.</param>
/// <param name="Run">The run.</param>
/// <param name="Attempt">Counts the claims of this run, from 1. A store takes nothing from an earlier one.</param>
/// <param name="Reached">The rung that the run has reached; 0: none.</param>
/// <param name="Outcome">What was last reported of it; <see langword="null"/>: nothing.</param>
[Experimental(ExperimentalId.OwnStore)]
public sealed record RunClaim(string Search, SearchRun Run, int Attempt, int Reached, string? Outcome)
{
    /// <summary>Refuses what no store may take as a report: a rung that the run does not have, and a score that databases do not sort
    /// alike.</summary>
    /// <param name="rung">The rung, from 1.</param>
    /// <param name="score">The validation score.</param>
    /// <exception cref="ArgumentOutOfRangeException">The rung is not one of the run's, or the score is not a number.</exception>
    public void CheckReport(int rung, double score)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rung, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(rung, Run.Rungs);
        if (double.IsNaN(score))
            throw new ArgumentOutOfRangeException(nameof(score), "A score must be a number: a run that gave none has the worst score.");
    }
}
