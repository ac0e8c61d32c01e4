namespace Microsoft.ML.EarlyReadout;

/// <summary>A run of the store, with what it reported.</summary>
internal sealed record RunStanding(StoredRun Stored, RunOutcome Outcome)
{
    public static RunStanding Of(StoredRun stored) => new(stored, RunOutcome.Parse(stored.Outcome));

    /// <summary>The figure at a rung; 0 where it diverged or failed before; <see langword="null"/> where it has not come so far.</summary>
    public double? FigureAt(long steps) => Outcome.FigureAt(steps) ?? (Stored.State == RunState.Failed ? 0 : null);

    /// <summary>Whether it diverged or failed before it came to so many steps.</summary>
    public bool IsLostBefore(long steps) => Fault is not null && !Outcome.Points.Any(point => point.Step >= steps);

    /// <summary>Why it diverged or failed.</summary>
    public string? Fault => Outcome.Divergence ?? (Stored.State == RunState.Failed ? Stored.Message : null);
}
