namespace Microsoft.ML.EarlyReadout;

/// <summary>What a fit has around it while it runs.</summary>
/// <param name="Budget">The memory that the rows may take.</param>
/// <param name="Log">Takes messages for people.</param>
/// <param name="Warn">Takes what people must not miss.</param>
/// <param name="Ranks">The processes that train the network together.</param>
/// <param name="Cancellation">Whether the fit is to stop.</param>
internal sealed record FitContext(
    MemoryBudget Budget, Action<string> Log, Action<string> Warn, ProcessRanks Ranks, Cancellation Cancellation);
