namespace Studies;

/// <summary>What a worker answers to a run: what came of it, or why nothing did.</summary>
internal sealed record RunAnswer(FinishedRun? Run, string? Fault);
