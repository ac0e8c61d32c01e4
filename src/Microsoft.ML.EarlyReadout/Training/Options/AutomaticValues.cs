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
        Optimizer = OptimizerKind.Sgd,
        SgdRate = 0.02,
        AdamWRate = 1e-3,
        ClipNorm = 0,
        WarmUp = 0,
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
    public static readonly AutomaticValues Texts = Table with
    {
        Optimizer = OptimizerKind.AdamW,
        AdamWRate = 5e-4,
        ClipNorm = 1,
        Schedule = ScheduleKind.Linear,
        WarmUp = 0.1,
    };

    /// <summary>A network with pretrained weights: the values that the methods' authors released, for images.</summary>
    public static readonly AutomaticValues FineTuning = new()
    {
        Optimizer = OptimizerKind.Sgd,
        SgdRate = 1e-3,
        AdamWRate = 1e-4,
        ClipNorm = 0,
        WarmUp = 0,
        Schedule = ScheduleKind.Constant,
        Steps = 1000,
        FewestEpochs = 10,
        MostEpochs = 60,
        ReadoutRate = 10,
        ReleasedWidth = 256,
    };

    /// <summary>A network with pretrained weights on texts: what BERT's authors released, and more epochs where the rows are few, which
    /// steadies fine-tuning (Mosbach et al., 2021).</summary>
    public static readonly AutomaticValues FineTuningTexts = FineTuning with
    {
        Optimizer = OptimizerKind.AdamW,
        AdamWRate = 5e-5,
        ClipNorm = 1,
        Schedule = ScheduleKind.Linear,
        WarmUp = 0.1,
        FewestEpochs = 3,
        MostEpochs = 15,
    };

    /// <summary>The values for a kind of training.</summary>
    public static AutomaticValues Of(TrainingKind kind) => kind switch
    {
        TrainingKind.Table => Table,
        TrainingKind.Images => Images,
        TrainingKind.ImagesWithoutBatchNorm => ImagesWithoutBatchNorm,
        TrainingKind.FineTuning => FineTuning,
        TrainingKind.Texts => Texts,
        TrainingKind.FineTuningTexts => FineTuningTexts,
        _ => throw new UnreachableException($"No values are known for {kind}."),
    };

    /// <summary>The rule of the main network.</summary>
    public required OptimizerKind Optimizer { get; init; }

    /// <summary>The main learning rate of stochastic gradient descent.</summary>
    public required double SgdRate { get; init; }

    /// <summary>The main learning rate of AdamW.</summary>
    public required double AdamWRate { get; init; }

    /// <summary>The largest norm of the main gradient; 0: no bound.</summary>
    public required double ClipNorm { get; init; }

    /// <summary>The part of the steps over which the rates rise.</summary>
    public required double WarmUp { get; init; }

    /// <summary>The main learning rate of an optimiser.</summary>
    public double RateOf(OptimizerKind kind) => kind switch
    {
        OptimizerKind.Sgd => SgdRate,
        OptimizerKind.AdamW => AdamWRate,
        _ => throw new UnreachableException($"No rate is known for {kind}."),
    };

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
