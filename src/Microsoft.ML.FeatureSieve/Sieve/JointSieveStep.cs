using Microsoft.ML.EarlyReadout;
using Microsoft.ML.EarlyReadout.Networks;
using Microsoft.ML.EarlyReadout.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureSieve;

/// <summary>
/// One step of the feature sieve as one update, the paper's Algorithm 1: <c>L = L_main + a2·L_aux</c>, and every N steps <c>+
/// a3·L_forget</c>, all at the weights that the step begins with. L_aux moves the readout alone, L_forget the stages up to k alone.
/// </summary>
/// <remarks>
/// Network and readout run forward once. What L_forget asks of the tap joins the network's one backward pass there, so neither the readout
/// nor the stages above get any of it. a2 is the ratio of the readout's rate to the main one: for descent with momentum a weighted loss and
/// a rate of its own are the same, so the readout keeps its optimiser. a3 is <see cref="FeatureSieveTrainer.Options.ForgetWeight"/>.
/// Stored batch-norm statistics, the network's where they are live and the readout's, move once a step.
/// </remarks>
internal sealed class JointSieveStep : ITrainingStep
{
    private readonly StagedNetwork _network;
    private readonly TappedReadout _readout;
    private readonly ReadoutTrainer _readoutTrainer;
    private readonly FeatureSieveTrainer.Options _options;
    private readonly IRisk _risk;
    private readonly BatchNormMode _mode;
    private readonly Optimizer _optimizer;

    /// <param name="network">The network, on its device.</param>
    /// <param name="readout">The readout, on the same device; it stays the caller's.</param>
    /// <param name="options">The options; already validated.</param>
    /// <param name="frozenStatistics">Whether the network's batch norm runs on its stored statistics.</param>
    /// <param name="risk">L_main; it stays the caller's.</param>
    public JointSieveStep(
        StagedNetwork network, TappedReadout readout, FeatureSieveTrainer.Options options, bool frozenStatistics, IRisk risk)
    {
        _network = network;
        _readout = readout;
        _options = options;
        _risk = risk;
        _mode = frozenStatistics ? BatchNormMode.Stored : BatchNormMode.BatchAndStore;
        _optimizer = Optimizer.Create(options.Optimizer, network);
        _readoutTrainer = new ReadoutTrainer(readout, options.ReadoutLearningRate!.Value, options.ReadoutWeightDecay);
    }

    /// <inheritdoc/>
    public IEnumerable<(string Name, Tensor Tensor)> State =>
        [.. ModuleState.Under("optimizer/", _optimizer.State), .. _readoutTrainer.State];

    /// <inheritdoc/>
    public IReadOnlyList<Meter> Meters =>
    [
        new("main", MeterUnit.Nats), .. _readoutTrainer.Meters,
        new("forget", MeterUnit.Nats) { Label = "before the step", Chart = ForgettingLoss.Chart(_network.ClassCount) },
    ];

    /// <inheritdoc/>
    public void Run(Batch batch, in StepContext context)
    {
        _readout.Head.train();
        _network.SetBatchNormMode(_mode);
        Tensor tap = _network.ForwardTo(_readout.Stage, batch.Features);
        Tensor loss = _risk.Of(_network.ForwardFrom(_readout.Stage, tap), batch);
        context.Report("main", loss, batch.Count);

        bool forgets = context.Step % _options.ForgetEvery == 0;
        Tensor seen = tap.detach();
        Tensor read = _readout.Head.call(forgets ? seen.requires_grad_() : seen); // (B, C)
        if (forgets) BackwardForgetting(loss, tap, seen, read, context);
        else context.OfBatch(loss).backward();
        _readoutTrainer.StepOnLogits(read, batch, context);
        _optimizer.Descend(_options.Optimizer, context);
    }

    /// <inheritdoc/>
    public string Describe(IReadOnlyDictionary<string, double> losses)
    {
        string text = FormattableString.Invariant(
            $"main loss {losses["main"]:F4}, readout loss {losses["readout"]:F4}, readout accuracy {losses["readout accuracy"]:F4}");
        return losses.TryGetValue("forget", out double forget)
            ? text + FormattableString.Invariant($", forgetting loss {forget:F4}, bound log C {Math.Log(_network.ClassCount):F4}")
            : text;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _optimizer.Dispose();
        _readoutTrainer.Dispose();
    }

    /// <summary>The gradient of <c>L_main + a3·L_forget</c>, in one backward pass of the network.</summary>
    private void BackwardForgetting(Tensor loss, Tensor tap, Tensor seen, Tensor read, in StepContext context)
    {
        Tensor forget = ForgettingLoss.Of(read);
        context.Report("forget", forget, seen.shape[0]);
        Tensor atTap = autograd.grad([forget], [seen], retain_graph: true)[0]; // the readout's graph serves L_aux too
        autograd.backward(
            [context.OfBatch(loss), tap], [ones_like(loss), context.OfBatch(atTap.mul(Scalars.Of(_options.ForgetWeight!.Value)))]);
    }
}
