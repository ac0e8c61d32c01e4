using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// The one training loop: shuffle → batch → augment → step → validate → select. What a method does with a batch is its <see cref="ITrainingStep"/>; all else is here.
/// </summary>
internal sealed class TrainingLoop(
    StagedNetwork network,
    ITrainingStep step,
    TrainingPlan plan,
    TrainerOptions options,
    Device device,
    Action<string> log)
{
    private readonly BatchPlan _batches = new(plan.Rows.Rows.Length, options.BatchSize);
    private readonly Augmentation _augmentation = new(options.Augmentation, plan.Rows.Set.Shape);

    /// <summary>Trains; afterwards the network holds the weights of the selected epoch and is in evaluation mode.</summary>
    /// <exception cref="OperationCanceledException">The options' token was cancelled.</exception>
    /// <exception cref="TrainingDivergedException">A loss is not finite.</exception>
    public void Run()
    {
        var schedule = new LearningRateSchedule(options.Schedule, _batches.Count, plan.Epochs);
        using var meters = new LossMeters(device);
        using var best = new BestEpoch([network, .. step.Companions]);
        using var dropout = new Generator(0, device);
        var progress = new ProgressReporter(plan, _batches.Count);

        for (int epoch = 1; epoch <= plan.Epochs; epoch++)
        {
            step.BeforeEpoch(epoch);
            network.train(step.NeedsTrainingMode);
            network.SetDropoutGenerator(dropout);
            meters.Reset();
            progress.StartEpoch(epoch);
            long[] order = Shuffled(epoch);

            for (int batch = 0; batch < _batches.Count; batch++)
            {
                options.CancellationToken.ThrowIfCancellationRequested();
                using var scope = NewDisposeScope(); // everything that a step allocates dies with it
                long done = (long)(epoch - 1) * _batches.Count + batch;
                ulong seed = plan.Seeds.For("batch", epoch, batch).Seed;
                dropout.manual_seed(unchecked((long)seed));
                Batch rows = plan.Rows.Set.Gather(order.AsSpan(_batches[batch]), device);
                rows = rows with { Features = _augmentation.Apply(rows.Features, seed) };
                step.Run(rows, new StepContext(done, schedule.Factor(done), meters));
                progress.Advance(batch + 1, meters);
            }

            IReadOnlyDictionary<string, double> losses = progress.EndEpoch(meters);
            double? score = plan.Validation is null ? null : Validate(plan.Validation);
            bool kept = best.Offer(epoch, score);
            plan.History.Add(new TrainingEpoch(epoch, losses, score));
            log(Describe(epoch, losses, score, kept, progress.EpochTime));
        }

        best.Restore();
        plan.History.SelectedEpoch = best.Epoch;
        network.eval();
        if (best.Epoch != plan.Epochs) log($"Keeping the network of epoch {best.Epoch}.");
    }

    private long[] Shuffled(int epoch)
    {
        long[] order = plan.Seeds.For("shuffle", epoch).Permutation(plan.Rows.Rows.Length);
        for (int i = 0; i < order.Length; i++) order[i] = plan.Rows.Rows[order[i]];
        return order;
    }

    private double? Validate(TrainingRows rows)
    {
        if (options.Selection == SelectionMetric.LastEpoch) return null;
        long[] predicted = Prediction.Classes(network, rows, device, options.CancellationToken);
        int[] labels = [.. rows.Rows.Select(row => rows.Set.Labels[row])];
        int[] groups = rows.Set.Groups is { } all ? [.. rows.Rows.Select(row => all[row])] : [];
        return EpochSelection.Score(options.Selection, predicted, labels, groups);
    }

    private string Describe(int epoch, IReadOnlyDictionary<string, double> losses, double? score, bool kept, TimeSpan time)
    {
        string selection = score is null ? "" : FormattableString.Invariant($"; validation {options.Selection} {score:F4}{(kept ? " (best so far)" : "")}");
        string title = plan.Name.Length == 0 ? "Epoch" : plan.Name + ", epoch";
        return FormattableString.Invariant($"{title} {epoch}/{plan.Epochs} in {time.TotalSeconds:F1} s: {step.Describe(losses)}{selection}");
    }
}
