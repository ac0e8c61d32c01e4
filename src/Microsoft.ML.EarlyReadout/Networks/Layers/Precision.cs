using System.Text.Json.Serialization;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// The arithmetic of convolutions and linear layers while training. Weights, batch norm and losses are float32 always; so is scoring.
/// </summary>
[JsonConverter(typeof(JsonStringEnumConverter<Precision>))]
public enum Precision
{
    /// <summary>32-bit floating point.</summary>
    Float32,

    /// <summary>
    /// bfloat16, with 8 bits of mantissa: about twice as fast where the processor has instructions for it, and many times slower where it
    /// has none. The log warns then.
    /// </summary>
    BFloat16,

    /// <summary>
    /// <see cref="BFloat16"/> where it is faster by a fifth or more, else <see cref="Float32"/>: one small layer is timed in both, once a
    /// process, and the log says what came out.
    /// The trained model then depends on the machine. A training that goes on from a checkpoint keeps the arithmetic that it began with.
    /// </summary>
    Automatic,
}
