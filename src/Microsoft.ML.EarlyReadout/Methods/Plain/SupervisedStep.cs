using System.Diagnostics.CodeAnalysis;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout.Training;

/// <summary>Trains the network, or its head alone, on the labels, and readouts beside it from the same forward pass.</summary>
[Experimental(ExperimentalId.OwnMethod)]
public sealed class SupervisedStep : ITrainingStep
{
    private readonly StagedNetwork _network;
    private readonly IRisk _risk;
    private readonly OptimizerOptions _options;
    private readonly Optimizer _optimizer;
    private readonly IReadOnlyList<ReadoutTrainer> _readouts;
    private readonly int[] _stages;
    private readonly bool _headOnly;

    /// <summary>Trains all of a network.</summary>
    /// <param name="network">The network, on its device; it stays the caller's.</param>
    /// <param name="options">How, of which nothing is automatic any more.</param>
    /// <param name="risk">What is minimised, such as <see cref="TrainingSession.Risk"/>; the mean cross-entropy of the labels as they are
    /// where it is left out. It stays the caller's.</param>
    public SupervisedStep(StagedNetwork network, OptimizerOptions options, IRisk? risk = null)
        : this(network, TrainedPart.All, risk ?? EmpiricalRisk.Plain, options, [])
    {
    }

    /// <param name="network">The network, on its device.</param>
    /// <param name="part">What of it is trained: all, or the head on the features of the stages as they stand.</param>
    /// <param name="risk">What is minimised; it stays the caller's.</param>
    /// <param name="options">How.</param>
    /// <param name="readouts">Readouts that are trained on the same batches; they stay the caller's.</param>
    internal SupervisedStep(
        StagedNetwork network, TrainedPart part, IRisk risk, OptimizerOptions options, IReadOnlyList<ReadoutTrainer> readouts)
    {
        _network = network;
        _risk = risk;
        _options = options;
        _readouts = readouts;
        _stages = [.. readouts.Select(trainer => trainer.Readout.Stage).Distinct().Order()];
        _headOnly = part == TrainedPart.Head;
        var below = new HashSet<Parameter>(
            network.ParametersTo(network.Stages.Count).Select(entry => entry.Parameter), ReferenceEqualityComparer.Instance);
        _optimizer = Optimizer.Create(
            options, network, [.. network.named_parameters().Where(entry => !_headOnly || !below.Contains(entry.parameter))]);
    }

    /// <inheritdoc/>
    public bool NeedsTrainingMode => !_headOnly;

    /// <inheritdoc/>
    public IReadOnlyList<nn.Module> Companions => [.. _readouts.Select(trainer => trainer.Readout.Head)];

    /// <inheritdoc/>
    public IEnumerable<(string Name, Tensor Tensor)> State => [
        .. ModuleState.Under("optimizer/", _optimizer.State),
        .. ModuleState.Under("risk/", _risk.State),
        .. _readouts.SelectMany(trainer => trainer.State)];

    /// <inheritdoc/>
    public IReadOnlyList<Meter> Meters => [new("main", MeterUnit.Nats), .. _readouts.SelectMany(trainer => trainer.Meters)];

    /// <inheritdoc/>
    public void Run(Batch batch, in StepContext context)
    {
        int last = _network.Stages.Count;
        IReadOnlyDictionary<int, Tensor> taps;
        using (_headOnly ? no_grad() : null) taps = _network.ForwardToEach([.. _stages.Where(stage => stage < last), last], batch.Features);
        Tensor loss = _risk.Of(_network.ForwardFrom(last, taps[last]), batch);
        context.Meters.Add("main", loss, batch.Count);
        foreach (ReadoutTrainer trainer in _readouts) trainer.Step(taps[trainer.Readout.Stage], batch, context);
        _optimizer.Minimize(loss, _options, context);
    }

    /// <inheritdoc/>
    public string Describe(IReadOnlyDictionary<string, double> losses) =>
        string.Join(
            ", ", losses.Select(loss => FormattableString.Invariant($"{(loss.Key == "main" ? "main loss" : loss.Key)} {loss.Value:F4}")));

    /// <inheritdoc/>
    public void Dispose() => _optimizer.Dispose();
}
