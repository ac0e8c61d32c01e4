namespace Microsoft.ML.EarlyReadout;

/// <summary>What a stage of the network puts out, within the graph.</summary>
/// <param name="Name">The stage's name; that of what stage 1 reads is <c>stem</c>.</param>
/// <param name="Value">The name of the value in the graph, which is none of its outputs.</param>
internal sealed record GraphStage(string Name, string Value);
