using Microsoft.ML.SearchSpace;

namespace Microsoft.ML.EarlyReadout;

/// <summary>How the main network is optimised.</summary>
public sealed class OptimizerOptions
{
    /// <summary>The rule.</summary>
    /// <value>The default value is <see cref="OptimizerKind.Automatic"/>.</value>
    public OptimizerKind Kind { get; set; } = OptimizerKind.Automatic;

    /// <summary>The learning rate before warm-up and schedule.</summary>
    /// <value>
    /// The default value is <see langword="null"/>: automatic. With fresh weights 0.02 on vectors, 0.05 on images, and 0.01 where the
    /// network has no batch norm; with pretrained ones 1e-3. For AdamW 1e-3 (texts 5e-4) and 1e-4 (texts 5e-5). Greater than 0.
    /// </value>
    [Range(1e-5, 0.5, 1e-3, true)]
    public double? LearningRate { get; set; }

    /// <summary>Weight decay: added to the gradient by SGD, decoupled in AdamW.</summary>
    /// <value>The default value is 1e-4. At least 0.</value>
    [Range(1e-6, 1e-1, 1e-4, true)]
    public double WeightDecay { get; set; } = 1e-4;

    /// <summary>Whether weight decay also applies to biases, and to the scales and shifts of norms: to every parameter that is a
    /// vector.</summary>
    /// <value>The default value is <see langword="true"/>, as in PyTorch's optimisers and the papers' codes.</value>
    public bool DecayBiasesAndNorms { get; set; } = true;

    /// <summary>
    /// The factor from the learning rate of a stage to that of the stage below it (layer-wise rate decay): with S stages, stage k learns at
    /// the rate times this to the power S + 1 − k, the stem as a stage 0, and the head at the rate itself.
    /// </summary>
    /// <remarks>The rates of readouts, and other rates of a method, are options of their own and stay as they are.</remarks>
    /// <value>The default value is 1: one rate for all. Greater than 0 and at most 1.</value>
    public double StageRateDecay { get; set; } = 1;

    /// <summary>
    /// The stem and so many of the first stages are not trained: they keep the weights that they begin with, and their batch norm runs on
    /// its stored statistics, which stay as they are. Readouts of these stages are trained as ever.
    /// </summary>
    /// <value>The default value is 0: all are trained. At least 0 and at most the number of stages; a method may
    /// need the upper ones of these to be trained.</value>
    public int FrozenStages { get; set; }

    /// <summary>The momentum of SGD.</summary>
    /// <value>The default value is 0.9. At least 0 and less than 1.</value>
    public double Momentum { get; set; } = 0.9;

    /// <summary>The largest global norm of the gradient; a longer gradient is scaled down to it.</summary>
    /// <value>The default value is <see langword="null"/>: automatic, 1 on texts as BERT's authors released it, 0 otherwise. At least 0; 0:
    /// no clipping.</value>
    public double? ClipNorm { get; set; }

    /// <summary>Adds what is wrong with these options.</summary>
    /// <param name="faults">Takes the faults.</param>
    /// <param name="name">What they are called in messages.</param>
    internal void AddFaults(OptionFaults faults, string name)
    {
        faults.Defined($"{name}.{nameof(Kind)}", Kind);
        faults.GreaterThan($"{name}.{nameof(LearningRate)}", LearningRate, 0);
        faults.AtLeast($"{name}.{nameof(WeightDecay)}", WeightDecay, 0);
        faults.GreaterThan($"{name}.{nameof(StageRateDecay)}", StageRateDecay, 0);
        faults.AtMost($"{name}.{nameof(StageRateDecay)}", StageRateDecay, 1);
        faults.AtLeast($"{name}.{nameof(FrozenStages)}", FrozenStages, 0);
        faults.InHalfOpenRange($"{name}.{nameof(Momentum)}", Momentum, 0, 1);
        faults.AtLeast($"{name}.{nameof(ClipNorm)}", ClipNorm, 0);
    }
}
