using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>A parameter, or a statistic, of a trained network in managed memory.</summary>
/// <param name="Name">Its name in the network, such as <c>layer1.0.conv1.weight</c>.</param>
/// <param name="Type">The type of its numbers.</param>
/// <param name="Shape">Its dimensions.</param>
/// <param name="Bytes">Its numbers in row-major order.</param>
internal sealed record TrainedTensor(string Name, ScalarType Type, long[] Shape, byte[] Bytes);
