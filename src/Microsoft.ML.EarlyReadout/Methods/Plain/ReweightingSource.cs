using System.Text.Json.Serialization;

namespace Microsoft.ML.EarlyReadout;

/// <summary>By what automatic feature reweighting tells which held-out rows count more.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ReweightingSource>))]
public enum ReweightingSource
{
    /// <summary>
    /// The trained network's own confidence: <c>w = exp(−γ·p_y(x))</c>, with p_y the probability that it gives the row's class, as in the
    /// paper.
    /// </summary>
    Network,

    /// <summary>
    /// The first readout, where it is wrong and confident: <c>w = exp(β·cm^α)</c> where the readout is wrong, 1 where it is right; cm is
    /// its confidence margin. The weights of debiased distillation, ours here.
    /// </summary>
    Readout,
}
