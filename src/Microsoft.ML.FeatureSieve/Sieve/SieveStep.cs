using Microsoft.ML.EarlyReadout;
using Microsoft.ML.EarlyReadout.Networks;
using Microsoft.ML.EarlyReadout.Training;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureSieve;

/// <summary>
/// One step of the feature sieve, with three optimisers on one batch, in the order of the released code:
/// <list type="number">
/// <item>readout: <c>L_aux = −log q_y(sg[f≤k(x)])</c> moves the readout alone;</item>
/// <item>forgetting, every N steps: <c>L_forget</c> through the readout, which stays as it is, moves the stages up to k alone;</item>
/// <item>main: <c>L_main = −log p_y(x)</c> moves the network.</item>
/// </list>
/// A step that does not forget needs one forward of the network, whose tap the readout reads detached. A step that forgets has a forward of
/// its own up to stage k.
/// </summary>
internal sealed class SieveStep : ITrainingStep
{
    private readonly StagedNetwork _network;
    private readonly TappedReadout _readout;
    private readonly ReadoutTrainer _readoutTrainer;
    private readonly FeatureSieveTrainer.Options _options;
    private readonly IRisk _risk;
    private readonly BatchNormMode _mainMode;
    private readonly BatchNormMode _forgettingMode;
    private readonly List<Tensor> _lower;
    private readonly Optimizer _mainOptimizer;
    private readonly Optimizer _forgettingOptimizer;

    /// <param name="network">The network, on its device.</param>
    /// <param name="readout">The readout, on the same device; it stays the caller's.</param>
    /// <param name="options">The options; already validated.</param>
    /// <param name="frozenStatistics">Whether the network's batch norm runs on its stored statistics.</param>
    /// <param name="risk">L_main; it stays the caller's.</param>
    public SieveStep(StagedNetwork network, TappedReadout readout, FeatureSieveTrainer.Options options, bool frozenStatistics, IRisk risk)
    {
        _network = network;
        _readout = readout;
        _options = options;
        _risk = risk;
        _mainMode = frozenStatistics ? BatchNormMode.Stored : BatchNormMode.BatchAndStore;
        _forgettingMode = frozenStatistics || options.ForgettingMovesStatistics ? _mainMode : BatchNormMode.BatchOnly;

        (string Name, Parameter Parameter)[] lower =
            [.. network.ParametersTo(readout.Stage).Where(named => named.Parameter.requires_grad)]; // those that are not frozen
        _lower = [.. lower.Select(named => named.Parameter)];
        _mainOptimizer = Optimizer.Create(options.Optimizer, network);
        _readoutTrainer = new ReadoutTrainer(readout, options.ReadoutLearningRate!.Value, options.ReadoutWeightDecay);
        _forgettingOptimizer = Optimizer.Descent(lower);
    }

    /// <inheritdoc/>
    public IEnumerable<(string Name, Tensor Tensor)> State =>
        [.. ModuleState.Under("optimizer/", _mainOptimizer.State), .. _readoutTrainer.State];

    /// <inheritdoc/>
    public IReadOnlyList<Meter> Meters
    {
        get
        {
            MeterChart chart = ForgettingLoss.Chart(_network.ClassCount);
            return
            [
                new("main", MeterUnit.Nats), .. _readoutTrainer.Meters,
                new("forget", MeterUnit.Nats) { Label = "before the step", Chart = chart },
                new("forgotten", MeterUnit.Nats) { Label = "after it", Chart = chart },
            ];
        }
    }

    /// <inheritdoc/>
    public void Run(Batch batch, in StepContext context)
    {
        _readout.Head.train();
        bool forgets = _options.ForgetEvery > 0 && context.Step % _options.ForgetEvery == 0;
        if (forgets) TrainReadoutAndForget(batch, context);

        _network.SetBatchNormMode(_mainMode);
        Tensor tap = _network.ForwardTo(_readout.Stage, batch.Features);
        Tensor logits = _network.ForwardFrom(_readout.Stage, tap); // (B, C)
        Tensor loss = _risk.Of(logits, batch);
        context.Report("main", loss, batch.Count);

        if (forgets) MeasureForgetting(tap, context);
        else _readoutTrainer.Step(tap, batch, context);

        _mainOptimizer.Minimize(loss, _options.Optimizer, context);
    }

    /// <inheritdoc/>
    public string Describe(IReadOnlyDictionary<string, double> losses)
    {
        string text = FormattableString.Invariant(
            $"main loss {losses["main"]:F4}, readout loss {losses["readout"]:F4}, readout accuracy {losses["readout accuracy"]:F4}");
        return losses.TryGetValue("forget", out double before)
            ? text + FormattableString.Invariant(
                $", forgetting loss {before:F4} → {losses["forgotten"]:F4}, bound log C {Math.Log(_network.ClassCount):F4}")
            : text;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _mainOptimizer.Dispose();
        _readoutTrainer.Dispose();
        _forgettingOptimizer.Dispose();
    }

    private void TrainReadoutAndForget(Batch batch, in StepContext context)
    {
        _network.SetBatchNormMode(_forgettingMode);
        Tensor tap = _network.ForwardTo(_readout.Stage, batch.Features);
        _readoutTrainer.Step(tap, batch, context);

        _readout.Head.SetBatchNormMode(_options.ForgettingMovesStatistics ? BatchNormMode.BatchAndStore : BatchNormMode.BatchOnly);
        Tensor loss = ForgettingLoss.Of(_readout.Head.call(tap));
        _readout.Head.SetBatchNormMode(BatchNormMode.BatchAndStore);
        context.Report("forget", loss, batch.Count);
        autograd.backward([context.OfBatch(loss)], inputs: _lower); // the readout and the stages above get no gradient at all
        _forgettingOptimizer.SumOverRanks(context);
        _forgettingOptimizer.Step(_options.ForgetLearningRate!.Value * context.RateFactor);
        _forgettingOptimizer.ZeroGradients();
    }

    /// <summary>
    /// The forgetting loss on the same rows once the step is made: where the sieve works it has fallen toward its bound, log C.
    /// </summary>
    private void MeasureForgetting(Tensor tap, in StepContext context)
    {
        using var noGrad = no_grad();
        _readout.Head.SetBatchNormMode(BatchNormMode.BatchOnly);
        context.Report("forgotten", ForgettingLoss.Of(_readout.Head.call(tap.detach())), tap.shape[0]);
        _readout.Head.SetBatchNormMode(BatchNormMode.BatchAndStore);
    }
}
