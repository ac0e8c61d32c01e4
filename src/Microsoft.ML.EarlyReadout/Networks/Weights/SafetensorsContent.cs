using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>A tensor that a safetensors file is to hold, wherever its numbers are: libtorch is not needed to write it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Type">The type of its numbers.</param>
/// <param name="Shape">Its shape.</param>
/// <param name="Write">Writes its numbers in row-major order.</param>
internal sealed record SafetensorsContent(string Name, ScalarType Type, IReadOnlyList<long> Shape, Action<Stream> Write);
