using System.Text.Json.Serialization;

namespace Microsoft.ML.EarlyReadout;

/// <summary>The rule that turns gradients into steps.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<OptimizerKind>))]
public enum OptimizerKind
{
    /// <summary><see cref="AdamW"/> on texts, <see cref="Sgd"/> otherwise.</summary>
    Automatic,

    /// <summary>Stochastic gradient descent with momentum.</summary>
    Sgd,

    /// <summary>Adam with decoupled weight decay.</summary>
    AdamW,
}
