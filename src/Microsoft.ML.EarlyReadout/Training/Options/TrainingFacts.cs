namespace Microsoft.ML.EarlyReadout;

/// <summary>What automatic settings are chosen by: what is trained, from which weights, and on how many rows.</summary>
/// <param name="Network">The network.</param>
/// <param name="Pretrained">Whether its weights come from a file.</param>
/// <param name="Rows">The training rows.</param>
internal sealed record TrainingFacts(StagedNetwork Network, bool Pretrained, int Rows)
{
    /// <summary>The values for such a training.</summary>
    public AutomaticValues Values => this switch
    {
        { Pretrained: true } => AutomaticValues.FineTuning,
        { Network: Mlp } or { Network.Shape.IsImage: false } => AutomaticValues.Table,
        _ => Network.modules().Any(module => module is BatchNorm2d) ? AutomaticValues.Images : AutomaticValues.ImagesWithoutBatchNorm,
    };

    /// <summary>Passes over the rows that come to a number of steps.</summary>
    public int EpochsOf(int steps, int batchSize)
    {
        int inEpoch = new BatchPlan(Rows, batchSize).Count;
        return (steps + inEpoch - 1) / inEpoch;
    }

    /// <summary>The channels (or units) that a stage puts out.</summary>
    /// <exception cref="ArgumentException">The network has no such stage.</exception>
    public int ChannelsOf(int stage)
    {
        StageTap.Check(Network, stage);
        return StageTap.Of(Network, stage).Channels;
    }

    /// <inheritdoc/>
    public override string ToString() => FormattableString.Invariant($"{Network.GetName()} {(Pretrained ? "from pretrained" : "from fresh")} weights, {Rows} training rows");
}
