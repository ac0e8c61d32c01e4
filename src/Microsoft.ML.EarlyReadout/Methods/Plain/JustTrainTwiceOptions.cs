using Microsoft.ML.SearchSpace;

namespace Microsoft.ML.EarlyReadout;

/// <summary>How Just Train Twice finds the rows that mislead, and how much they then count.</summary>
public sealed class JustTrainTwiceOptions
{
    /// <summary>Epochs of the first network, whose errors on the training rows are up-weighted. They come on top of
    /// <see cref="TrainerOptions.Epochs"/> or <see cref="TrainerOptions.Steps"/>, which are the second network's alone.</summary>
    /// <value>
    /// The default value is <see langword="null"/>: automatic, a fifth of the epochs, ours: the authors tune it for each
    /// set, and end at a fifth (60 of 300) on Waterbirds and at one of 50 on CelebA. At least 1: a whole epoch, also where
    /// <see cref="TrainerOptions.Steps"/> comes to less than five, or even to less than one.
    /// </value>
    [Choice([1, 2, 3, 6, 12, 20, 40, 60], 1)]
    public int? IdentificationEpochs { get; set; }

    /// <summary>How many times a row counts that the first network gets wrong.</summary>
    /// <value>
    /// The default value is <see langword="null"/>: automatic. Where pretrained weights are given that is 50, the authors'
    /// for CelebA (100 for Waterbirds); else 2, ours: a network with fresh weights that learns little but a few rows
    /// answers their class alone. At least 1.
    /// </value>
    [Range(1.0, 100.0, 50.0, true)]
    public double? UpWeight { get; set; }

    /// <summary>Sets what is still automatic.</summary>
    /// <param name="facts">What is trained.</param>
    /// <param name="epochs">Epochs of the second network.</param>
    internal void SetAutomatic(TrainingFacts facts, int epochs)
    {
        IdentificationEpochs ??= Math.Max(1, epochs / 5);
        UpWeight ??= facts.Pretrained ? 50 : 2;
    }

    /// <summary>Adds what is wrong with these options.</summary>
    /// <param name="faults">Takes the faults.</param>
    /// <param name="name">What they are called in messages.</param>
    internal void AddFaults(OptionFaults faults, string name)
    {
        faults.AtLeast($"{name}.{nameof(IdentificationEpochs)}", IdentificationEpochs, 1);
        faults.AtLeast($"{name}.{nameof(UpWeight)}", UpWeight, 1);
    }
}
