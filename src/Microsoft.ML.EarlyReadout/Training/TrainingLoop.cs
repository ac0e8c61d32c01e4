using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// The one training loop: shuffle → batch → augment → step → validate → select. What a method does with a batch is its
/// <see cref="ITrainingStep"/>; all else is here.
/// </summary>
/// <param name="session">The fit that it is part of.</param>
/// <param name="step">What is done with a batch.</param>
/// <param name="plan">What it runs over.</param>
/// <param name="checkpoints">Takes checkpoints and gives back the last one; <see langword="null"/>: none, as in a loop within
/// another.</param>
internal sealed class TrainingLoop(TrainingSession session, ITrainingStep step, TrainingPlan plan, TrainingCheckpoints? checkpoints)
    : IDisposable
{
    private readonly StagedNetwork _network = session.Network;
    private readonly TrainerOptions _options = session.Options;
    private readonly LearningRateSchedule _schedule = new(session.Options.Schedule, plan.Batches.Count, plan.Steps);
    private readonly Augmentation _augmentation = new(session.Options.Augmentation, plan.Rows.Set.Shape, plan.Rows.Set.Pixels);
    private readonly BatchAhead _batches = new(plan.Rows.Set, step.OnCpu is null ? session.Device : CPU);
    private readonly BestNetwork _best = new([session.Network, .. step.Companions]);

    // Of the network that is exported and what belongs to it. Other loops train on a network that stands still, or that is gone afterwards.
    private readonly AveragedWeights? _average = plan.IsMain && session.Options.AveragingDecay > 0
        ? new AveragedWeights([session.Network, .. step.Companions], session.Options.AveragingDecay)
        : null;

    private readonly RankGroup _ranks = session.Ranks;
    private readonly RankRows _rows = new(); // of those that pass the network at once
    private readonly LossMeters _meters = new(session.Device, session.Ranks); // since the last point
    private readonly Generator _dropout = new(0, session.Device);
    private readonly ProgressReporter _progress = new(plan);

    // Where the training stands: so many steps are done, so many of them before the last point.
    private long _done;
    private long _point;

    // The epoch under way, from 1, its rows in their order, and the steps done when it ends.
    private int _epoch;
    private bool _hasBegunEpoch; // whether what comes before it is done
    private long[] _order = [];
    private long _epochEnd;

    /// <summary>Whether the last step ends at a point that is still to be made: what was stopped, or failed, is its validation.</summary>
    private bool IsAtUnfinishedPoint => plan.IsPoint(_done) && _point < _done;

    private bool HasEnded => _done >= plan.Steps || HasStalled;

    private ResumableLoop Resumable => new(
        plan.Name, _network, [.. step.State, .. ModuleState.Under("average/", _average?.State ?? [])], _best, _meters);

    /// <summary>Whether the last points, as many as patience has, are all later than the best.</summary>
    private bool HasStalled =>
        plan.Patience is { } patience && plan.History.Points is { } points && points.Count >= patience
            && points[^patience].Step > _best.Step;

    /// <summary>Trains; afterwards the network holds the weights of the selected point and is in evaluation mode.</summary>
    /// <exception cref="OperationCanceledException">The fit was cancelled, and the options say to throw or there is no model
    /// yet.</exception>
    /// <exception cref="DivergenceException">A loss or a gradient is not finite; the network holds the last good weights, as it does
    /// where memory has run out.</exception>
    public void Run()
    {
        Resume();
        try
        {
            try
            {
                if (IsAtUnfinishedPoint) EndPoint();
                while (!HasEnded) RunEpoch();
                KeepBest();
            }
            // one that a rank throws alone is a failure: the others are elsewhere, and nothing can be summed
            catch (OperationCanceledException) when (_ranks.IsSingle || session.Cancellation.HasStopped)
            {
                Check();
                Save(isLast: true);
                if (plan.IsNested || _options.OnCancellation != CancellationBehavior.ReturnBest || !session.HasModel) throw;
                session.Cancellation.Acknowledge();
                session.Log(
                    FormattableString.Invariant($"Cancelled after {_done} of {plan.Steps} steps; the best model so far is returned."));
                if (_best.Score is null) KeepAsItStands();
                else KeepBest();
            }
        }
        catch (DivergenceException)
        {
            KeepBest();
            throw;
        }
        catch (Exception fault) when (AllocationFailure.Of(fault) is not null)
        {
            if (IsAtUnfinishedPoint && _best.Score is null) KeepAsItStands();
            else KeepBest();
            throw;
        }
    }

    public void Dispose()
    {
        _batches.Dispose();
        _best.Dispose();
        _average?.Dispose();
        _meters.Dispose();
        _dropout.Dispose();
    }

    /// <summary>Goes on where the checkpoint of this loop was taken, if there is one.</summary>
    private void Resume()
    {
        checkpoints?.BeginLoop();
        if (checkpoints?.Resume(Resumable) is { } checkpoint)
            (_done, _point, _hasBegunEpoch) = (checkpoint.Step, checkpoint.Point, checkpoint.HasBegunEpoch);
        // the network is trained: what is trained afterwards must not take it along
        if (session.History.Selected is not null) _best.Begin();
    }

    private void RunEpoch()
    {
        BeginEpoch();
        while (_done < _epochEnd && !HasStalled)
        {
            RunSteps();
            if (IsAtUnfinishedPoint) EndPoint();
        }
    }

    /// <summary>Sets the network up for steps: again where something else has run on it meanwhile.</summary>
    public void PrepareNetwork()
    {
        _network.train(step.NeedsTrainingMode);
        _network.SetDropoutGenerator(_dropout, _rows);
        LayerTree.SetRanks(_network, _ranks);
    }

    private void BeginEpoch()
    {
        int fewest = Math.Min(RowsIn(0), RowsIn(plan.Batches.Count - 1));
        if (fewest < _ranks.Count)
        {
            throw new ArgumentException(FormattableString.Invariant(
                $"{plan.Name}: a batch of an epoch has {fewest} rows, fewer than the {_ranks.Count} ranks. Choose another BatchSize, or ")
                    + "fewer ranks.");
        }

        _epoch = plan.EpochOf(_done + 1);
        _epochEnd = plan.StepsBefore(_epoch) + plan.StepsIn(_epoch);
        if (_done == plan.StepsBefore(_epoch) && !_hasBegunEpoch) step.BeforeEpoch(_epoch);
        _hasBegunEpoch = true;
        _order = plan.Order(plan.Rows, plan.Seeds.For("shuffle", _epoch));
        TrainingSet set = plan.Rows.Set;
        if (set.Shape is TokenShape)
            _order = EpochOrder.ByLength(_order, plan.Batches, set.Features.LengthOf, plan.Seeds.For("lengths", _epoch));
    }

    /// <summary>Runs the steps of the epoch up to the next point or to the epoch's end.</summary>
    private void RunSteps()
    {
        PrepareNetwork(); // a validation, or what was done before the epoch, may have changed it
        _progress.Begin(_done);
        do
        {
            // what some rank wants all do: each has a token and a clock of its own
            bool[] wanted = _ranks.Any(session.Cancellation.IsRequested, _progress.IsDue, checkpoints?.IsTime == true);
            if (wanted[0]) session.Cancellation.Stop();
            RunStep();
            if (IsAtUnfinishedPoint) break;
            if (wanted[1] || _done == _epochEnd)
            {
                IReadOnlyDictionary<string, double> losses = ReadLosses();
                Tell(() => _progress.Report(_done, losses));
            }

            if (checkpoints?.IsDueAfterStep(wanted[2]) == true) Save();
        }
        while (_done < _epochEnd);
        _progress.Pause();
    }

    /// <summary>Calls what the first rank alone tells. A cancellation that it throws stops all ranks, where they agree on it.</summary>
    private void Tell(Action tell)
    {
        try
        {
            tell();
        }
        catch (OperationCanceledException thrown) when (!_ranks.IsSingle)
        {
            session.Cancellation.Request(thrown);
        }
    }

    private void RunStep()
    {
        using var scope = NewDisposeScope(); // everything that a step allocates dies with it
        int batch = (int)(_done - plan.StepsBefore(_epoch));
        int whole = RowsIn(batch), least = whole / _ranks.Count;
        SeedSequence seeds = plan.Seeds.For("batch", _epoch, batch);
        _dropout.manual_seed(seeds.TorchSeed);
        Batch rows = _batches.Take(RowsOf(batch), _ranks.PartOf(whole));
        if (batch + 1 < plan.Batches.Count) _batches.Prepare(RowsOf(batch + 1), _ranks.PartOf(RowsIn(batch + 1)));
        rows = rows with { Features = _augmentation.Apply(rows.Features, seeds.Seed, _ranks.StartOf(whole, _ranks.Rank)), Whole = whole };
        if (step.OnCpu is { } complete) rows = complete(rows).To(session.Device);
        _meters.Step = _done + 1;
        // as many in all ranks, and none of them empty; a last batch that a single row has joined is still one batch
        int parts = _options.MicroBatchSize is { } most ? Math.Min((_ranks.LargestPart(whole) + most - 1) / most, least) : 1;
        for (int part = 0; part < parts; part++) RunPart(rows, part, parts);
        _average?.Add(_done);
        _done++;
        _hasBegunEpoch &= _done < _epochEnd;
        session.HasModel |= plan.MakesModel;
    }

    private int RowsIn(int batch) => plan.Batches[batch].End.Value - plan.Batches[batch].Start.Value;

    /// <summary>The rows of a batch, those of all ranks.</summary>
    private ReadOnlySpan<long> RowsOf(int batch) => _order.AsSpan(plan.Batches[batch]);

    /// <summary>Runs the step on a part of its rows.</summary>
    private void RunPart(Batch rows, int part, int parts)
    {
        using var scope = NewDisposeScope(); // what a part takes is there for the next one
        int start = StartOf(rows.Count, part, parts), end = StartOf(rows.Count, part + 1, parts);
        if (!_ranks.IsSingle) DrawFor(rows.Whole, part, parts);
        step.Run(
            parts == 1 ? rows : rows.Part(start, end - start),
            new StepContext(_done, _schedule.Factor(_done), _meters, (double)(end - start) / rows.Whole, endsBatch: part == parts - 1));
    }

    /// <summary>Says which rows of all ranks' parts are this rank's.</summary>
    private void DrawFor(int whole, int part, int parts)
    {
        (_rows.Start, _rows.Whole) = (0, 0);
        for (int rank = 0; rank < _ranks.Count; rank++)
        {
            if (rank == _ranks.Rank) _rows.Start = _rows.Whole.Value;
            int rows = _ranks.StartOf(whole, rank + 1) - _ranks.StartOf(whole, rank);
            _rows.Whole += StartOf(rows, part + 1, parts) - StartOf(rows, part, parts);
        }
    }

    private static int StartOf(int rows, int part, int parts) => (int)((long)rows * part / parts);

    /// <summary>Validates, selects, tells, and takes a checkpoint.</summary>
    private void EndPoint()
    {
        IReadOnlyDictionary<string, double> losses = ReadLosses();
        Tell(() => _progress.Report(_done, losses));
        TimeSpan time = _progress.EndPoint(_done);
        (ValidationFigures? figures, bool isBest) = Validate();
        if (!_ranks.IsSingle) _ranks.RequireSame(new Dictionary<string, string> { ["the network"] = ModuleState.HashOf(_network) });

        var point = new TrainingPoint(_done, plan.EpochsIn(_done), losses, figures?.Score) { Groups = figures?.Groups ?? [] };
        plan.History.Add(point);
        _meters.Reset();
        _point = _done;
        session.Log(Describe(point, isBest, time));
        if (figures is not null && _ranks.IsFirst && _options.OnValidation is { } told)
        {
            var validation = new TrainingValidation(_done, plan.Steps, point.Epoch, losses, figures.Score, isBest, figures.Groups)
            {
                Meters = step.Meters,
            };
            Tell(() => told(validation));
        }

        if (HasStalled && _done < plan.Steps)
            session.Log(FormattableString.Invariant(
                $"Stopping after {plan.Describe(_done)}: validation {_options.Selection} has not risen in the last {plan.Patience} ")
                    + "validations.");
        // then the checkpoint is taken where the cancellation ends
        if (!HasEnded && _ranks.Any(session.Cancellation.IsRequested) is [true]) session.Cancellation.Stop();
        Save(isLast: HasEnded);
    }

    private (ValidationFigures? Figures, bool IsBest) Validate()
    {
        using (_average?.Show())
        {
            ValidationFigures? figures = ValidationFigures.Of(session, plan.Validation);
            return (figures, _best.Update(_done, figures?.Score));
        }
    }

    private void KeepBest()
    {
        _best.Restore();
        _network.eval();
        plan.History.Selected = plan.History.At(_best.Step);
        if (_best.Step > 0 && _best.Step != plan.Steps) session.Log($"Keeping the network of {plan.Describe(_best.Step)}.");
    }

    /// <summary>
    /// Keeps the network as the last step left it, or the average up to it: without validation figures it is the best there is. The history
    /// gets a point for the steps since the last one.
    /// </summary>
    private void KeepAsItStands()
    {
        _average?.Keep();
        _network.eval();
        if (_point < _done) plan.History.Add(new TrainingPoint(_done, plan.EpochsIn(_done), _meters.Read(), null));
        plan.History.Selected = plan.History.At(_done);
    }

    /// <summary>Looks at what the steps since the last look have put out.</summary>
    /// <exception cref="DivergenceException">A number was not finite.</exception>
    private void Check()
    {
        if (_meters.FindFault() is not { } fault) return;
        int epoch = plan.EpochOf(fault.Step);
        double rate = _options.Optimizer.LearningRate!.Value * _schedule.Factor(fault.Step - 1);
        string? loop = plan.IsMain ? null : plan.Name;
        throw new DivergenceException(loop, epoch, (int)(fault.Step - plan.StepsBefore(epoch)), fault.Values, rate);
    }

    private IReadOnlyDictionary<string, double> ReadLosses()
    {
        Check();
        IReadOnlyDictionary<string, double> losses = _meters.Read();
        if (losses.Keys.Except(step.Meters.Select(meter => meter.Name)).FirstOrDefault() is { } undeclared)
            throw new InvalidOperationException(
                $"{step.GetType().Name} reports '{undeclared}', which its Meters do not declare. Add a Meter of that name to them.");
        return losses;
    }

    /// <summary>Takes a checkpoint.</summary>
    /// <param name="isLast">Whether no step follows: then a disk that is full is no reason to lose the network that is trained.</param>
    private void Save(bool isLast = false)
    {
        if (checkpoints is null) return;
        Check(); // a checkpoint is never of a training that has diverged
        using var scope = NewDisposeScope();
        try
        {
            checkpoints.Save(Resumable, _done, _point, _hasBegunEpoch, session.HasModel, session.History, session.Warn);
        }
        catch (Exception fault) when (isLast && fault is (IOException or UnauthorizedAccessException))
        {
            session.Warn($"The last checkpoint could not be written, and the fit goes on without it: {fault.Message}");
        }
    }

    private string Describe(TrainingPoint point, bool isBest, TimeSpan time)
    {
        string title = plan.IsMain ? Capitalised.Of(plan.Unit) : $"{plan.Name}, {plan.Unit}";
        string selection = point.ValidationScore is null
            ? ""
            : FormattableString.Invariant(
                $"; validation {_options.Selection} {point.ValidationScore:F4}{(isBest ? " (best so far)" : "")}");
        return $"{title} {plan.InUnit(point.Step)}/{plan.InUnit(plan.Steps)} "
            + FormattableString.Invariant($"in {time.TotalSeconds:F1} s: {step.Describe(point.Losses)}{selection}");
    }
}
