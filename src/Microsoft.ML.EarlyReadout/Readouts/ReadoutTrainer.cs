using System.Diagnostics.CodeAnalysis;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout.Training;

/// <summary>
/// Trains one readout on taps: <c>L_aux = −log q_y(sg[f≤k(x)])</c>. The tap is detached, so nothing flows back into the network.
/// </summary>
[Experimental(ExperimentalId.OwnMethod)]
public sealed class ReadoutTrainer : IDisposable
{
    private readonly IRisk _risk;
    private readonly double _learningRate;
    private readonly string _meter;
    private readonly SgdOptimizer _optimizer;

    /// <summary>Trains it by the mean cross-entropy. Its loss is told under the readout's name, its accuracy with <c> accuracy</c>
    /// appended.</summary>
    /// <param name="readout">The readout; it stays the caller's.</param>
    /// <param name="learningRate">The rate of gradient descent with momentum 0.9.</param>
    /// <param name="weightDecay">The weight decay.</param>
    public ReadoutTrainer(TappedReadout readout, double learningRate, double weightDecay)
        : this(
            readout, EmpiricalRisk.Plain, learningRate, weightDecay, readout?.Name ?? throw new ArgumentNullException(nameof(readout)))
    {
    }

    /// <param name="readout">The readout; it stays the caller's.</param>
    /// <param name="risk">The loss: empirical, or class-balanced.</param>
    /// <param name="learningRate">The rate of gradient descent with momentum 0.9.</param>
    /// <param name="weightDecay">The weight decay.</param>
    /// <param name="meter">The name of its loss among the meters; <c> accuracy</c> is appended for its accuracy.</param>
    internal ReadoutTrainer(TappedReadout readout, IRisk risk, double learningRate, double weightDecay, string meter)
    {
        Readout = readout;
        _risk = risk;
        _learningRate = learningRate;
        _meter = meter;
        _optimizer = new SgdOptimizer([.. readout.Head.named_parameters()], momentum: 0.9, weightDecay);
    }

    /// <summary>The readout.</summary>
    public TappedReadout Readout { get; }

    /// <summary>The readout and its optimiser's running averages, for a checkpoint.</summary>
    public IEnumerable<(string Name, Tensor Tensor)> State =>
        [.. ModuleState.Of(Readout.Head, $"{Readout.Name}/"), .. ModuleState.Under($"{Readout.Name} optimizer/", _optimizer.State)];

    /// <summary>What it reports: the loss in nats, and the accuracy.</summary>
    public IReadOnlyList<Meter> Meters => [new(_meter, MeterUnit.Nats), new(_meter + " accuracy", MeterUnit.Share)];

    /// <summary>One step on the tap of a batch.</summary>
    /// <param name="tap">What the stage puts out; it is detached here.</param>
    /// <param name="batch">The batch.</param>
    /// <param name="context">Where the training stands.</param>
    public void Step(Tensor tap, Batch batch, in StepContext context) => StepOnLogits(Readout.Head.call(tap.detach()), batch, context);

    /// <summary>One step on what the readout has said of a detached tap.</summary>
    /// <param name="logits">Its logits (B, C), with their graph.</param>
    /// <param name="batch">The batch.</param>
    /// <param name="context">Where the training stands.</param>
    public void StepOnLogits(Tensor logits, Batch batch, in StepContext context)
    {
        Tensor loss = _risk.Of(logits, batch);
        context.Meters.Add(_meter, loss, batch.Count);
        context.Meters.Add(_meter + " accuracy", logits.argmax(1).eq(batch.Labels).to(ScalarType.Float32).mean(), batch.Count);
        _optimizer.Minimize(loss, _learningRate * context.RateFactor, clipNorm: 0, context);
    }

    /// <summary>Disposes the optimiser; the readout stays.</summary>
    public void Dispose() => _optimizer.Dispose();
}
