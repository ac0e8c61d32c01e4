using System.Text.Json.Serialization;
using Microsoft.ML.SearchSpace;

namespace Microsoft.ML.EarlyReadout;

/// <summary>The rule that turns gradients into steps.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<OptimizerKind>))]
public enum OptimizerKind
{
    /// <summary>Stochastic gradient descent with momentum.</summary>
    Sgd,

    /// <summary>Adam with decoupled weight decay.</summary>
    AdamW,
}

/// <summary>How the main network is optimised.</summary>
public sealed class OptimizerOptions
{
    /// <summary>The rule.</summary>
    /// <value>The default value is <see cref="OptimizerKind.Sgd"/>.</value>
    public OptimizerKind Kind { get; set; } = OptimizerKind.Sgd;

    /// <summary>The learning rate before warm-up and schedule.</summary>
    /// <value>
    /// The default value is <see langword="null"/>: automatic. With fresh weights 0.02 on vectors, 0.05 on images, and 0.01 where the
    /// network has no batch norm; with pretrained ones 1e-3. For AdamW 1e-3 and 1e-4. Greater than 0.
    /// </value>
    [Range(1e-4, 0.5, 1e-3, true)]
    public double? LearningRate { get; set; }

    /// <summary>Weight decay: added to the gradient by SGD, decoupled in AdamW.</summary>
    /// <value>The default value is 1e-4. At least 0.</value>
    [Range(1e-6, 1e-1, 1e-4, true)]
    public double WeightDecay { get; set; } = 1e-4;

    /// <summary>The momentum of SGD.</summary>
    /// <value>The default value is 0.9. At least 0 and less than 1.</value>
    public double Momentum { get; set; } = 0.9;

    /// <summary>The largest global norm of the gradient; a longer gradient is scaled down to it.</summary>
    /// <value>The default value is 0: no clipping. At least 0.</value>
    public double ClipNorm { get; set; }

    /// <summary>Adds what is wrong with these options.</summary>
    /// <param name="faults">Takes the faults.</param>
    /// <param name="name">What they are called in messages.</param>
    internal void AddFaults(OptionFaults faults, string name)
    {
        faults.Defined($"{name}.{nameof(Kind)}", Kind);
        faults.GreaterThan($"{name}.{nameof(LearningRate)}", LearningRate, 0);
        faults.AtLeast($"{name}.{nameof(WeightDecay)}", WeightDecay, 0);
        faults.InHalfOpenRange($"{name}.{nameof(Momentum)}", Momentum, 0, 1);
        faults.AtLeast($"{name}.{nameof(ClipNorm)}", ClipNorm, 0);
    }
}
