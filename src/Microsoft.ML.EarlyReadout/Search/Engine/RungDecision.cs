namespace Microsoft.ML.EarlyReadout;

/// <summary>Which trials go on after a rung.</summary>
/// <param name="Rung">The rung, from 1.</param>
/// <param name="Promoted">The trials that go on, by number.</param>
/// <param name="Stopped">The trials that do not.</param>
internal sealed record RungDecision(int Rung, IReadOnlyList<int> Promoted, IReadOnlyList<int> Stopped);
