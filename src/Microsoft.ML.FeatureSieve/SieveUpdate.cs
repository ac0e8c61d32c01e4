using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;

namespace Microsoft.ML.FeatureSieve;

/// <summary>How a step of the feature sieve puts its losses together.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<SieveUpdate>))]
public enum SieveUpdate
{
    /// <summary>
    /// One after the other, as in the authors' released code: readout, then forgetting by plain gradient descent, then the network.
    /// </summary>
    Alternating,

    /// <summary>
    /// One update, as in the paper's Algorithm 1: L_main + a2·L_aux, and a3·L_forget every
    /// <see cref="FeatureSieveTrainer.Options.ForgetEvery"/> steps, all at the same weights. A step costs little more than a plain one;
    /// momentum carries the forgetting gradient on.
    /// </summary>
    [Experimental("MLSIEVE006")]
    Joint,
}
