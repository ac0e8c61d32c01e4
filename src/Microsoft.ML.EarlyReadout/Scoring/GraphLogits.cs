namespace Microsoft.ML.EarlyReadout;

/// <summary>The names of the logits in a graph.</summary>
/// <param name="Network">Those of the network, (N, C).</param>
/// <param name="Readouts">Those of each readout, (N, C).</param>
internal sealed record GraphLogits(string Network, IReadOnlyList<string> Readouts);
