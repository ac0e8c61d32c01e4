namespace Microsoft.ML.EarlyReadout.Search;

/// <summary>A trial trained from one seed, up to where the trial was decided on.</summary>
public sealed record TrialRun
{
    /// <summary>The seed.</summary>
    public required long Seed { get; init; }

    /// <summary>The score at the last rung: that of the best validation up to it; 0 where the run diverged or failed.</summary>
    public required double Score { get; init; }

    /// <summary>The score at each rung.</summary>
    public required IReadOnlyList<double> RungScores { get; init; }

    /// <summary>Every validation.</summary>
    public required IReadOnlyList<CurvePoint> Curve { get; init; }

    /// <summary>
    /// The validation rows by group, or by class, at the validation that <see cref="Score"/> is of; empty where there is none.
    /// </summary>
    public required IReadOnlyList<ValidationGroup> Groups { get; init; }

    /// <summary>Why it diverged or failed; <see langword="null"/>: it did not.</summary>
    public required string? Fault { get; init; }
}
