namespace Microsoft.ML.EarlyReadout;

/// <summary>A readout in a saved model.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Stage">The stage that it taps, where it is known.</param>
/// <param name="Head">Its outputs of the graph.</param>
internal sealed record SavedReadout(string Name, int? Stage, GraphHead Head);
