using System.Diagnostics.CodeAnalysis;

namespace Microsoft.ML.EarlyReadout.Networks;

/// <summary>A stretch of a network after which a readout can tap.</summary>
/// <param name="Name">Its name, such as <c>layer1</c>.</param>
/// <param name="Layers">Its layers, in order.</param>
[Experimental(ExperimentalId.OwnNetwork)]
public sealed record Stage(string Name, IReadOnlyList<Layer> Layers);
