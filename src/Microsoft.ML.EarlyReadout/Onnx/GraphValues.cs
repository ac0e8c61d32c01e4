namespace Microsoft.ML.EarlyReadout;

/// <summary>The names of what a graph computes before it says it as probabilities.</summary>
/// <param name="Network">Those of the network.</param>
/// <param name="Readouts">The logits of each readout, (N, C).</param>
internal sealed record GraphValues(ExportedNetwork Network, IReadOnlyList<string> Readouts);
