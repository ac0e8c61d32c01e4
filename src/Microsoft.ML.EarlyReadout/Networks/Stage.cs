namespace Microsoft.ML.EarlyReadout;

/// <summary>A stretch of a network after which a readout can tap.</summary>
/// <param name="Name">Its name, such as <c>layer1</c>.</param>
/// <param name="Channels">Channels (or, for vectors, features) that it puts out.</param>
/// <param name="Stride">How many input pixels one output pixel stands for along each side; 1 for vectors.</param>
/// <param name="Layers">Its layers, in order.</param>
public sealed record Stage(string Name, int Channels, int Stride, IReadOnlyList<Layer> Layers);
