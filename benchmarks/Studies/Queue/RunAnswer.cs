namespace Studies;

/// <summary>
/// What a worker answers to a run: what came of it, or why nothing did. Who took part in a search answers all its runs.
/// </summary>
internal sealed record RunAnswer(IReadOnlyList<FinishedRun> Runs, string? Fault);
