using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Trains readouts on a network that stays as it is, to the bit: it runs in evaluation mode and without gradients.</summary>
/// <param name="network">The network.</param>
/// <param name="trainers">One for each readout; they stay the caller's.</param>
internal sealed class ReadoutStep(StagedNetwork network, IReadOnlyList<ReadoutTrainer> trainers) : ITrainingStep
{
    private readonly int[] _stages = [.. trainers.Select(trainer => trainer.Readout.Stage).Distinct().Order()];

    /// <inheritdoc/>
    public bool NeedsTrainingMode => false;

    /// <inheritdoc/>
    public IReadOnlyList<nn.Module> Companions => [.. trainers.Select(trainer => trainer.Readout.Head)];

    /// <inheritdoc/>
    public IEnumerable<(string Name, Tensor Tensor)> State => trainers.SelectMany(trainer => trainer.State);

    /// <inheritdoc/>
    public IReadOnlyList<Meter> Meters => [.. trainers.SelectMany(trainer => trainer.Meters)];

    /// <inheritdoc/>
    public void Run(Batch batch, in StepContext context)
    {
        IReadOnlyDictionary<int, Tensor> taps;
        using (no_grad()) taps = network.ForwardToEach(_stages, batch.Features);
        StepContext constant = context with { RateFactor = 1 }; // warm-up and schedule are the network's, for its epochs
        foreach (ReadoutTrainer trainer in trainers) trainer.Step(taps[trainer.Readout.Stage], batch, constant);
    }

    /// <inheritdoc/>
    public string Describe(IReadOnlyDictionary<string, double> losses) =>
        string.Join(", ", losses.Select(loss => FormattableString.Invariant($"{loss.Key} {loss.Value:F4}")));

    /// <inheritdoc/>
    public void Dispose() { }
}
