using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// The one training loop: shuffle → batch → augment → step → validate → select. What a method does with a batch is its <see cref="ITrainingStep"/>; all else is here.
/// </summary>
/// <param name="session">The fit that it is part of.</param>
/// <param name="step">What is done with a batch.</param>
/// <param name="plan">What it runs over.</param>
/// <param name="checkpoints">Takes checkpoints and gives back the last one; <see langword="null"/>: none, as in a loop within another.</param>
internal sealed class TrainingLoop(TrainingSession session, ITrainingStep step, TrainingPlan plan, TrainingCheckpoints? checkpoints)
{
    private readonly StagedNetwork _network = session.Network;
    private readonly TrainerOptions _options = session.Options;
    private readonly BatchPlan _batches = new(plan.Rows.Rows.Length, session.Options.BatchSize);
    private readonly Augmentation _augmentation = new(session.Options.Augmentation, plan.Rows.Set.Shape, plan.Rows.Set.Pixels?.Black ?? 0);

    // Where the training stands: this many steps of this epoch are done.
    private int _epoch = 1;
    private int _done;

    /// <summary>Trains; afterwards the network holds the weights of the selected epoch and is in evaluation mode.</summary>
    /// <exception cref="OperationCanceledException">The fit was cancelled, and the options say to throw or there is no model yet.</exception>
    /// <exception cref="TrainingDivergedException">A loss or a gradient is not finite; the network holds the last good weights, as it does
    /// where memory has run out.</exception>
    public void Run()
    {
        var schedule = new LearningRateSchedule(_options.Schedule, _batches.Count, plan.Epochs);
        using var meters = new LossMeters(session.Device);
        using var best = new BestEpoch([_network, .. step.Companions]);
        using var dropout = new Generator(0, session.Device);
        var progress = new ProgressReporter(plan, _batches.Count, (epoch, each) => _options.Optimizer.LearningRate!.Value * schedule.Factor(StepsBefore(epoch) + each - 1));
        checkpoints?.BeginLoop();
        if (checkpoints?.Take(plan.Name, _network, step, best, meters) is { } checkpoint) (_epoch, _done) = (checkpoint.Epoch, checkpoint.Step);
        if (session.History.SelectedEpoch > 0) best.Begin(); // the network is trained: what is trained afterwards must not take it along

        try
        {
            try
            {
                while (_epoch <= plan.Epochs) RunEpoch(schedule, meters, best, dropout, progress);
                KeepBest(best);
            }
            catch (OperationCanceledException)
            {
                progress.Check(meters);
                SaveLast(meters, best);
                if (plan.IsNested || _options.OnCancellation != CancellationBehavior.ReturnBest || !session.HasModel) throw;
                session.Cancellation.Acknowledge();
                session.Log(FormattableString.Invariant($"Cancelled in epoch {_epoch}, after {_done} of {_batches.Count} steps; the best model so far is returned."));
                if (best.Score is null) KeepAsItStands(meters);
                else KeepBest(best);
            }
        }
        catch (TrainingDivergedException)
        {
            KeepBest(best);
            throw;
        }
        catch (Exception fault) when (AllocationFailure.Of(fault) is not null)
        {
            bool isWhole = _done == _batches.Count; // what failed is its validation
            if (isWhole && best.Score is null) KeepAsItStands(meters);
            else KeepBest(best);
            throw;
        }
    }

    private void KeepBest(BestEpoch best)
    {
        best.Restore();
        _network.eval();
        plan.History.SelectedEpoch = best.Epoch;
        if (best.Epoch > 0 && best.Epoch != plan.Epochs) session.Log($"Keeping the network of epoch {best.Epoch}.");
    }

    /// <summary>
    /// Keeps the network as the last step left it: without validation figures it is the best there is. The history gets an entry for an
    /// epoch that has begun.
    /// </summary>
    private void KeepAsItStands(LossMeters meters)
    {
        _network.eval();
        if (_done > 0) plan.History.Add(new TrainingEpoch(_epoch, meters.Read(), null));
        plan.History.SelectedEpoch = _done > 0 ? _epoch : _epoch - 1;
    }

    private void RunEpoch(LearningRateSchedule schedule, LossMeters meters, BestEpoch best, Generator dropout, ProgressReporter progress)
    {
        if (_done == 0)
        {
            step.BeforeEpoch(_epoch);
            meters.Reset();
        }

        _network.train(step.NeedsTrainingMode);
        _network.SetDropoutGenerator(dropout);
        progress.StartEpoch(_epoch, _done);
        long[] order = plan.Order(plan.Rows, plan.Seeds.For("shuffle", _epoch));
        while (_done < _batches.Count)
        {
            session.Cancellation.ThrowIfRequested();
            using var scope = NewDisposeScope(); // everything that a step allocates dies with it
            long stepsBefore = StepsBefore(_epoch) + _done;
            ulong seed = plan.Seeds.For("batch", _epoch, _done).Seed;
            dropout.manual_seed(unchecked((long)seed));
            Batch rows = plan.Rows.Set.Gather(order.AsSpan(_batches[_done]), session.Device);
            if (_done + 1 < _batches.Count) plan.Rows.Set.Expect(order.AsSpan(_batches[_done + 1]));
            rows = rows with { Features = _augmentation.Apply(rows.Features, seed) };
            meters.Step = _done + 1;
            step.Run(rows, new StepContext(stepsBefore, schedule.Factor(stepsBefore), meters));
            _done++;
            if (plan.IsMain) session.HasModel = true;
            progress.Advance(_done, meters);
            if (checkpoints?.IsDueAfterStep() == true && _done < _batches.Count)
            {
                progress.Check(meters); // a checkpoint is never of a training that has diverged
                Save(meters, best);
            }
        }

        IReadOnlyDictionary<string, double> losses = progress.EndEpoch(meters);
        double? score = plan.Validation is null ? null : Validate(plan.Validation);
        bool kept = best.Offer(_epoch, score);
        plan.History.Add(new TrainingEpoch(_epoch, losses, score));
        session.Log(Describe(_epoch, losses, score, kept, progress.EpochTime));
        (_epoch, _done) = (_epoch + 1, 0);
        if (_epoch > plan.Epochs) SaveLast(meters, best);
        else SaveEpoch(meters, best);
    }

    /// <summary>
    /// Takes the checkpoint after which no step follows. A disk that is full is no reason to lose the network that is trained.
    /// </summary>
    private void SaveLast(LossMeters meters, BestEpoch best)
    {
        try
        {
            SaveEpoch(meters, best);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            session.Warn($"The last checkpoint could not be written, and the fit goes on without it: {fault.Message}");
        }
    }

    private void SaveEpoch(LossMeters meters, BestEpoch best)
    {
        if (_done == 0 && best.Epoch > 0 && best.Epoch == _epoch - 1) checkpoints?.KeepBest(plan.Name, best);
        Save(meters, best);
    }

    private void Save(LossMeters meters, BestEpoch best) => checkpoints?.Save(plan.Name, _epoch, _done, session.HasModel, session.History, _network, step, best, meters);

    private long StepsBefore(int epoch) => (long)(epoch - 1) * _batches.Count;

    private double? Validate(TrainingRows rows)
    {
        if (_options.Selection == SelectionMetric.LastEpoch) return null;
        long[] predicted = Prediction.Classes(session, rows);
        int[] labels = [.. rows.Rows.Select(row => rows.Set.Labels[row])];
        int[] groups = rows.Set.Groups is { } all ? [.. rows.Rows.Select(row => all[row])] : [];
        return EpochSelection.Score(_options.Selection, predicted, labels, groups);
    }

    private string Describe(int epoch, IReadOnlyDictionary<string, double> losses, double? score, bool kept, TimeSpan time)
    {
        string selection = score is null ? "" : FormattableString.Invariant($"; validation {_options.Selection} {score:F4}{(kept ? " (best so far)" : "")}");
        string title = plan.Name.Length == 0 ? "Epoch" : plan.Name + ", epoch";
        return FormattableString.Invariant($"{title} {epoch}/{plan.Epochs} in {time.TotalSeconds:F1} s: {step.Describe(losses)}{selection}");
    }
}
