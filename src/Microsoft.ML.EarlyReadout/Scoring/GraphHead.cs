namespace Microsoft.ML.EarlyReadout;

/// <summary>The outputs of the graph that belong to one classifier: the network itself, or a readout.</summary>
/// <param name="Score">The output of class probabilities, (N, C).</param>
/// <param name="HeadInput">The output that the stock head turns into probabilities and a key, (N, C).</param>
/// <param name="MarginInput">The output that the stock margin turns into a number, (N, 1); <see langword="null"/> for the network
/// itself.</param>
internal sealed record GraphHead(string Score, string HeadInput, string? MarginInput = null);
