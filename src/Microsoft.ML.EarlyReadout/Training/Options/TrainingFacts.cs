using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;

namespace Microsoft.ML.EarlyReadout.Training;

/// <summary>What automatic settings are chosen by: what is trained, from which weights, and on how many rows.</summary>
/// <param name="Network">The network.</param>
/// <param name="Pretrained">Whether its weights were trained before: those of a file, or of the model that it starts from.</param>
/// <param name="Rows">The training rows.</param>
[Experimental(ExperimentalId.OwnMethod)]
public sealed record TrainingFacts(StagedNetwork Network, bool Pretrained, int Rows)
{
    /// <summary>What is trained, as far as good rates depend on it.</summary>
    public TrainingKind Kind => this switch
    {
        { Pretrained: true, Network.Shape: TokenShape } => TrainingKind.FineTuningTexts,
        { Pretrained: true } => TrainingKind.FineTuning,
        { Network: Mlp } => TrainingKind.Table,
        { Network.Shape: var shape } => shape switch
        {
            VectorShape => TrainingKind.Table,
            TokenShape => TrainingKind.Texts,
            ImageShape => Network.modules().Any(module => module is BatchNorm2d)
                ? TrainingKind.Images : TrainingKind.ImagesWithoutBatchNorm,
            _ => throw new UnreachableException($"No automatic values for {shape}."),
        },
    };

    /// <summary>The values for such a training.</summary>
    internal AutomaticValues Values => AutomaticValues.Of(Kind);

    /// <summary>Passes over the rows that come to a number of steps.</summary>
    /// <param name="steps">The steps.</param>
    /// <param name="batchSize">Rows in a batch.</param>
    public int EpochsOf(int steps, int batchSize)
    {
        int inEpoch = new BatchPlan(Rows, batchSize).Count;
        return (steps + inEpoch - 1) / inEpoch;
    }

    /// <summary>The channels (or units) that a stage puts out.</summary>
    /// <param name="stage">The stage, from 1; 0 is what stage 1 reads.</param>
    /// <exception cref="ArgumentException">The network has no such stage.</exception>
    public int ChannelsOf(int stage)
    {
        StageTap.Check(Network, stage);
        return StageTap.Of(Network, stage).Channels;
    }

    /// <inheritdoc/>
    public override string ToString() =>
        FormattableString.Invariant($"{Network.GetName()} {(Pretrained ? "from pretrained" : "from fresh")} weights, {Rows} training rows");
}
