using System.Diagnostics.CodeAnalysis;
using Microsoft.ML.SearchSpace;

namespace Microsoft.ML.EarlyReadout;

/// <summary>A readout: where it taps the network, and how strong it is.</summary>
public sealed class ReadoutOptions
{
    /// <summary>The stage whose output the readout reads, from 1; for a ResNet 1 is <c>layer1</c>.</summary>
    /// <value>The default value is 1. At least 1 and at most the number of stages; a trial brings a greater one back among them.</value>
    [Choice([1, 2, 3, 4], 1)] // those of a ResNet
    public int Stage { get; set; } = 1;

    /// <summary>
    /// Blocks before the linear classifier: basic blocks of two 3×3 convolutions on images (the first without skip), linear layers with
    /// ReLU on vectors. 0: a linear readout (of the pooled features).
    /// </summary>
    /// <value>The default value is <see langword="null"/>: automatic. For distillation 1; for the sieve 0, or the released 2 where weights
    /// are pretrained. At least 0.</value>
    [Choice([0, 1, 2, 3, 4, 5, 6], 2)]
    public int? Depth { get; set; }

    /// <summary>Channels (or units) of each block.</summary>
    /// <value>The default value is <see langword="null"/>: automatic, those of the stage, or where weights are pretrained the released
    /// number: 256, for distillation 128. At least 1.</value>
    public int? Width { get; set; }

    /// <summary>Brings a sampled stage back among those that may be read: after the last comes the first again.</summary>
    /// <param name="network">The network.</param>
    /// <param name="first">The first stage that may be read; where the network has none from there, the stage stays.</param>
    internal void FoldStage(StagedNetwork network, int first)
    {
        int count = network.Stages.Count - first + 1;
        if (count > 0 && (Stage < first || Stage > network.Stages.Count)) Stage = first + (Stage - 1) % count;
    }

    /// <summary>Sets what is still automatic.</summary>
    /// <param name="network">The network that it reads.</param>
    /// <param name="depth">The automatic depth.</param>
    /// <param name="width">The released width, or <see langword="null"/> for the stage's channels.</param>
    internal void SetAutomatic(StagedNetwork network, int depth, int? width)
    {
        Depth ??= depth;
        if (Depth == 0 || Width is not null) return;
        StageTap.Check(network, Stage);
        Width = width ?? StageTap.Of(network, Stage).Channels;
    }

    /// <summary>Adds what is wrong with these options.</summary>
    /// <param name="faults">Takes the faults.</param>
    /// <param name="name">What they are called in messages.</param>
    /// <param name="firstStage">The first stage that may be read.</param>
    [Experimental(ExperimentalId.OwnMethod)]
    public void AddFaults(OptionFaults faults, string name, int firstStage = 1)
    {
        faults.AtLeast($"{name}.{nameof(Stage)}", Stage, firstStage);
        faults.AtLeast($"{name}.{nameof(Depth)}", Depth, 0);
        faults.AtLeast($"{name}.{nameof(Width)}", Width, 1);
    }
}
