using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>One tensor of a safetensors file.</summary>
/// <param name="Type">The type of its numbers; <see langword="null"/> where they are not read.</param>
/// <param name="TypeName">What the file calls that type.</param>
/// <param name="Shape">Its shape.</param>
/// <param name="Begin">Where its numbers begin, in bytes from the start of the file.</param>
/// <param name="End">Where they end.</param>
internal sealed record SafetensorsEntry(ScalarType? Type, string TypeName, IReadOnlyList<long> Shape, long Begin, long End);
