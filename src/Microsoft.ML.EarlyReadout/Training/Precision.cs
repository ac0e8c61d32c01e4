using System.Text.Json.Serialization;

namespace Microsoft.ML.EarlyReadout;

/// <summary>The arithmetic of convolutions and linear layers while training. Weights, batch norm and losses are float32 always; so is scoring.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Precision>))]
public enum Precision
{
    /// <summary>32-bit floating point.</summary>
    Float32,

    /// <summary>bfloat16: about twice as fast where the processor has it, with 8 bits of mantissa.</summary>
    BFloat16,
}
