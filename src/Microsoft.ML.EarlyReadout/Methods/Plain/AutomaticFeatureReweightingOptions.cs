namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// How automatic feature reweighting weighs held-out rows, and trains the last layer on them. "As released" names the authors' settings for
/// Waterbirds.
/// </summary>
public sealed class AutomaticFeatureReweightingOptions
{
    // The weights stay numbers of double precision.
    private const double LargestGamma = 100;

    /// <summary>The part of the training rows that the network is not trained on, drawn by the seed from each class: the last layer is
    /// trained on them. It must be so large that each class gives a row.</summary>
    /// <value>The default value is 0.2, as released. Greater than 0, less than 1.</value>
    public double HeldOutFraction { get; set; } = 0.2;

    /// <summary>By what a held-out row counts more. Whatever it is, each class's weights are divided by its number of rows.</summary>
    /// <value>
    /// The default value is <see cref="ReweightingSource.Network"/>, the paper's. <see cref="ReweightingSource.Readout"/> needs a readout
    /// that is trained together with the network.
    /// </value>
    public ReweightingSource Source { get; set; } = ReweightingSource.Network;

    /// <summary>γ, for weights by the network: how much more a row counts that the network is not sure of.</summary>
    /// <value>
    /// The default value is 10, as released; the authors try 4 to 20 on validation rows, and 1 to 3 for CelebA. 0: a class's rows all count
    /// alike. At least 0, at most 100.
    /// </value>
    public double Gamma { get; set; } = 10;

    /// <summary>α, for weights by the readout: how the weight of a wrong row follows the readout's margin.</summary>
    /// <value>The default value is 0.05, as in <see cref="DebiasedDistillationTrainer.Options.Alpha"/>. At least 0.</value>
    public double Alpha { get; set; } = 0.05;

    /// <summary>β, for weights by the readout: the weight of a row that it reads wrongly with full confidence is e^β.</summary>
    /// <value>
    /// The default value is <see langword="null"/>: automatic, as in <see cref="DebiasedDistillationTrainer.Options.Beta"/>: 4 where
    /// pretrained weights are given, else 1. At least 0, at most 80.
    /// </value>
    public double? Beta { get; set; }

    /// <summary>λ: how much the squared distance of the layer from the one that the network was trained with adds to the loss.</summary>
    /// <value>The default value is 0, as released; the authors try 0 to 0.3 on validation rows. At least 0.</value>
    public double Penalty { get; set; }

    /// <summary>The rate of gradient descent over all held-out rows at once, without momentum, its gradient clipped to norm 1.</summary>
    /// <value>The default value is 0.01, as released; for CelebA the authors take 0.02. Greater than 0.</value>
    public double LearningRate { get; set; } = 0.01;

    /// <summary>
    /// Passes over the held-out rows, each of them one step, on top of <see cref="TrainerOptions.Epochs"/> or
    /// <see cref="TrainerOptions.Steps"/>. Where there are validation rows and <see cref="TrainerOptions.Selection"/> is
    /// a figure, the layer of the best pass is kept, the first of equals; else the last.
    /// </summary>
    /// <value>The default value is 500, as released; for CelebA the authors take 1,000. At least 1.</value>
    public int Epochs { get; set; } = 500;

    /// <summary>Sets what is still automatic.</summary>
    internal void SetAutomatic(TrainingFacts facts) => Beta ??= ReadoutWeighting.AutomaticBeta(facts.Pretrained);

    /// <summary>Adds what is wrong with these options.</summary>
    /// <param name="faults">Takes the faults.</param>
    /// <param name="name">What they are called in messages.</param>
    internal void AddFaults(OptionFaults faults, string name)
    {
        faults.InOpenRange($"{name}.{nameof(HeldOutFraction)}", HeldOutFraction, 0, 1);
        faults.Defined($"{name}.{nameof(Source)}", Source);
        faults.InRange($"{name}.{nameof(Gamma)}", Gamma, 0, LargestGamma);
        faults.AtLeast($"{name}.{nameof(Alpha)}", Alpha, 0);
        faults.InRange($"{name}.{nameof(Beta)}", Beta, 0, ReadoutWeighting.LargestBeta);
        faults.AtLeast($"{name}.{nameof(Penalty)}", Penalty, 0);
        faults.GreaterThan($"{name}.{nameof(LearningRate)}", LearningRate, 0);
        faults.AtLeast($"{name}.{nameof(Epochs)}", Epochs, 1);
    }
}
