using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Trains one readout on taps: <c>L_aux = −log q_y(sg[f≤k(x)])</c>. The tap is detached, so nothing flows back into the network.</summary>
/// <param name="readout">The readout; it stays the caller's.</param>
/// <param name="risk">The loss: empirical, or class-balanced.</param>
/// <param name="learningRate">The rate of gradient descent with momentum 0.9.</param>
/// <param name="weightDecay">The weight decay.</param>
/// <param name="meter">The name of its loss among the meters; <c> accuracy</c> is appended for its accuracy.</param>
internal sealed class ReadoutTrainer(TappedReadout readout, IRisk risk, double learningRate, double weightDecay, string meter) : IDisposable
{
    private readonly SgdOptimizer _optimizer = new([.. readout.Head.named_parameters()], momentum: 0.9, weightDecay);

    /// <summary>The readout.</summary>
    public TappedReadout Readout => readout;

    /// <summary>The readout and its optimiser's running averages, for a checkpoint.</summary>
    public IEnumerable<(string Name, Tensor Tensor)> State =>
        [.. ModuleState.Of(readout.Head, $"{readout.Name}/"), .. ModuleState.Under($"{readout.Name} optimizer/", _optimizer.State)];

    /// <summary>One step on the tap of a batch.</summary>
    public void Step(Tensor tap, Batch batch, in StepContext context) => Learn(readout.Head.call(tap.detach()), batch, context);

    /// <summary>One step on what the readout has said of a detached tap.</summary>
    /// <param name="logits">Its logits (B, C), with their graph.</param>
    /// <param name="batch">The batch.</param>
    /// <param name="context">Where the training stands.</param>
    public void Learn(Tensor logits, Batch batch, in StepContext context)
    {
        Tensor loss = risk.Of(logits, batch);
        context.Meters.Add(meter, loss, batch.Count);
        context.Meters.Add(meter + " accuracy", logits.argmax(1).eq(batch.Labels).to(ScalarType.Float32).mean(), batch.Count);
        _optimizer.Minimize(loss, learningRate * context.RateFactor, clipNorm: 0, context.Meters);
    }

    public void Dispose() => _optimizer.Dispose();
}
