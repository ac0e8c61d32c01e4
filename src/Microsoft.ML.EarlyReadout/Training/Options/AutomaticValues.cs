using System.Diagnostics;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// The values of options that are left automatic, by what is trained. Each is documented at its option; docs/training.md has them as a
/// table.
/// </summary>
internal sealed record AutomaticValues
{
    /// <summary>A network with fresh weights on vectors.</summary>
    public static readonly AutomaticValues Table = new()
    {
        SgdRate = 0.02,
        AdamWRate = 1e-3,
        Schedule = ScheduleKind.Cosine,
        Steps = 1000,
        FewestEpochs = 10,
        MostEpochs = 30,
        ReadoutRate = 1,
        ReleasedWidth = null,
    };

    /// <summary>A network with fresh weights on images.</summary>
    public static readonly AutomaticValues Images = Table with { SgdRate = 0.05 };

    /// <summary>One without batch norm, such as SqueezeNet, which diverges at such a rate.</summary>
    public static readonly AutomaticValues ImagesWithoutBatchNorm = Table with { SgdRate = 0.01 };

    /// <summary>A network with fresh weights on texts.</summary>
    public static readonly AutomaticValues Texts = Table with { AdamWRate = 5e-4 };

    /// <summary>A network with pretrained weights: the values that the methods' authors released, for images.</summary>
    public static readonly AutomaticValues FineTuning = new()
    {
        SgdRate = 1e-3,
        AdamWRate = 1e-4,
        Schedule = ScheduleKind.Constant,
        Steps = 1000,
        FewestEpochs = 10,
        MostEpochs = 60,
        ReadoutRate = 10,
        ReleasedWidth = 256,
    };

    /// <summary>The values for a kind of training.</summary>
    public static AutomaticValues Of(TrainingKind kind) => kind switch
    {
        TrainingKind.Table => Table,
        TrainingKind.Images => Images,
        TrainingKind.ImagesWithoutBatchNorm => ImagesWithoutBatchNorm,
        TrainingKind.FineTuning => FineTuning,
        TrainingKind.Texts => Texts,
        _ => throw new UnreachableException($"No values are known for {kind}."),
    };

    /// <summary>The main learning rate of stochastic gradient descent.</summary>
    public required double SgdRate { get; init; }

    /// <summary>The main learning rate of AdamW.</summary>
    public required double AdamWRate { get; init; }

    /// <summary>How the rates change.</summary>
    public required ScheduleKind Schedule { get; init; }

    /// <summary>The steps that a training should have.</summary>
    public required int Steps { get; init; }

    /// <summary>Epochs where the rows are many.</summary>
    public required int FewestEpochs { get; init; }

    /// <summary>Epochs where the rows are few.</summary>
    public required int MostEpochs { get; init; }

    /// <summary>A readout's rate, as a multiple of the main rate.</summary>
    public required double ReadoutRate { get; init; }

    /// <summary>Channels of a block of a readout in the released codes; <see langword="null"/>: the stage's.</summary>
    public required int? ReleasedWidth { get; init; }
}
