using System.Diagnostics.CodeAnalysis;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout.Training;

/// <summary>One training as a method sees it: what there is to train on, and how to run steps over it.</summary>
[Experimental(ExperimentalId.OwnMethod)]
public sealed class TrainingSession : IDisposable
{
    private readonly HashSet<string> _ran = [];
    private TrainingLoop? _running;
    private LabelLoss? _loss;

    internal TrainingSession(
        FitRows prepared, StagedNetwork network, TrainingRows training, TrainingRows? validation, TrainerOptions options, Device device,
        SeedSequence seeds,
        Action<string> log, Action<string> warn, Cancellation cancellation, Func<string, IDataView, TrainingSet> reader)
    {
        (Prepared, Network, Training, Validation, Options, Device, Seeds) =
            (prepared, network, training, validation, options, device, seeds);
        (Log, Warn, Cancellation, Reader) = (log, warn, cancellation, reader);
        History = new TrainingHistory { Selection = options.Selection, Settings = OptionValues.Of(options) };
    }

    /// <summary>The network, initialised, on its device.</summary>
    public StagedNetwork Network { get; }

    /// <summary>The trainer's options; validated, and none of them automatic any more.</summary>
    public TrainerOptions Options { get; }

    /// <summary>The device.</summary>
    public Device Device { get; }

    /// <summary>The rows as the trainer's <c>Prepare</c> has left them.</summary>
    public FitRows Prepared { get; }

    /// <summary>The seeds of this training.</summary>
    public SeedSequence Seeds { get; }

    /// <summary>Takes messages for people.</summary>
    public Action<string> Log { get; }

    /// <summary>The class, from 0, of every row that was read, by its place (<see cref="Batch.Places"/>).</summary>
    public IReadOnlyList<int> Labels => Training.Set.Labels;

    /// <summary>The group, from 0, of every row that was read; <see langword="null"/> where no column of groups is named, or the training
    /// rows lack it, which <see cref="TrainerOptions.TrainingGroupNeed"/> forbids.</summary>
    public IReadOnlyList<int>? Groups => Training.Set.Groups;

    /// <summary>Whether the network's batch norm is to run on its stored statistics.</summary>
    public bool FreezesBatchNorm => Options.FreezesBatchNorm;

    /// <summary>The mean cross-entropy of the network with the labels as the options smooth them, each row as much as its example weight
    /// says: what is minimised unless a method weighs rows itself, or wants something else.</summary>
    public IRisk Risk => field ??= new EmpiricalRisk(Loss);

    /// <summary>The loss of a row of the network against its label. Readouts have the plain one: what they know is looked at.</summary>
    internal LabelLoss Loss => _loss ??= new LabelLoss(
        Options.LabelSmoothing, Options.ExampleWeightColumnName is { } column ? ExampleWeights.Of(Training, column) : null, Device);

    /// <summary>The rows to train on.</summary>
    internal TrainingRows Training { get; }

    /// <summary>The rows that select a network, if there are any.</summary>
    internal TrainingRows? Validation { get; }

    /// <summary>The readouts that are exported with the network, in the order of their columns. They end with the session.</summary>
    internal List<TappedReadout> Readouts { get; } = [];

    /// <summary>Whether the fit is to stop.</summary>
    internal Cancellation Cancellation { get; }

    /// <summary>Takes what people must not miss.</summary>
    internal Action<string> Warn { get; }

    /// <summary>The arithmetic of training; never <see cref="Precision.Automatic"/>.</summary>
    internal Precision Precision { get => History.Precision; init => History.Precision = value; }

    /// <summary>What a row takes in the network.</summary>
    internal Footprint Footprint { get; set; } = Footprint.Unknown;

    /// <summary>The processes that train the network together; one, where this process trains on its own.</summary>
    internal RankGroup Ranks { get; init; } = RankGroup.Single;

    /// <summary>Cuts rows into batches for passes that need no gradients.</summary>
    internal EvaluationBatches Evaluation => field ??= new EvaluationBatches(Device, Cancellation);

    /// <summary>The fit's checkpoints; <see langword="null"/> where none are taken.</summary>
    internal TrainingCheckpoints? Checkpoints { get; init; }

    /// <summary>Whether a step has been done after which there is a model to return.</summary>
    internal bool HasModel { get; set; }

    /// <summary>What the training proper reported.</summary>
    internal TrainingHistory History { get; }

    /// <summary>Reads a view with the training view's columns and groups, packed like the training rows. It is told what messages call
    /// them. The caller disposes it.</summary>
    internal Func<string, IDataView, TrainingSet> Reader { get; }

    /// <summary>Reads rows that a method has for itself. A resumed training must be given the same ones.</summary>
    /// <param name="what">What they are, for messages.</param>
    /// <param name="view">The rows.</param>
    /// <exception cref="CheckpointMismatchException">They are not those of the checkpoint.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    internal TrainingSet Read(string what, IDataView view)
    {
        TrainingSet set = Reader(what, view);
        try
        {
            long fingerprint = Checkpoints is null && Ranks.IsSingle ? 0 : DataFingerprint.Of(set, Cancellation);
            Checkpoints?.RequireSame(what, fingerprint);
            if (!Ranks.IsSingle)
                Ranks.RequireSame(new Dictionary<string, string> { [what] = FormattableString.Invariant($"{fingerprint:X}") });
            return set;
        }
        catch
        {
            set.Dispose();
            throw;
        }
    }

    /// <summary>Runs the training proper: all steps, with validation, selection, checkpoints and progress.</summary>
    /// <param name="step">What is done with a batch; it stays the caller's.</param>
    /// <exception cref="OperationCanceledException">The fit was cancelled.</exception>
    public void Train(ITrainingStep step) => Train(step, null, null);

    /// <summary>Runs a training within or around the training proper, such as that of a readout on the network as it stands: no
    /// validation, no progress of its own.</summary>
    /// <param name="name">What is trained, for log and checkpoints: ASCII letters, digits and hyphens. Its random numbers are independent
    /// of those of other names.</param>
    /// <param name="step">What is done with a batch; it stays the caller's.</param>
    /// <param name="epochs">Passes over the training rows, at least 1.</param>
    /// <exception cref="ArgumentException">The name is empty, has other characters, or is <c>Training</c>, that of the training
    /// proper.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="epochs"/> is below 1.</exception>
    /// <exception cref="InvalidOperationException">The fit has run a training of this name before, not within a step.</exception>
    /// <exception cref="OperationCanceledException">The fit was cancelled.</exception>
    public void Train(string name, ITrainingStep step, int epochs) => Train(name, step, epochs, null, 0);

    /// <summary>As <see cref="Train(ITrainingStep)"/>, over other rows or in another order.</summary>
    /// <param name="step">What is done with a batch.</param>
    /// <param name="order">Draws the rows of an epoch; every row once where it is left out.</param>
    /// <param name="rows">The rows; the training rows where it is left out.</param>
    internal void Train(ITrainingStep step, Func<TrainingRows, SeedSequence, long[]>? order = null, TrainingRows? rows = null)
    {
        rows ??= Training;
        History.Meters = step.Meters; // also of a training that has ended in a checkpoint
        var batches = new BatchPlan(rows.Indices.Length, Options.BatchSize);
        Run(step, new TrainingPlan(TrainingPlan.TrainingProper, rows, batches, Options.StepsOver(rows.Indices.Length), Seeds)
        {
            MakesModel = true,
            Order = order ?? EpochOrder.Shuffled,
            Validation = Validation,
            PointEvery = Options.ValidateEverySteps,
            Patience = Options.Patience,
            History = History,
            Progress = Ranks.IsFirst ? Options.Progress : null,
        });
    }

    /// <summary>As <see cref="Train(string, ITrainingStep, int)"/>, over other rows or for another time.</summary>
    /// <param name="name">What is trained, for the log; its random numbers are independent of those of other names.</param>
    /// <param name="step">What is done with a batch.</param>
    /// <param name="epochs">Passes over the rows.</param>
    /// <param name="rows">The rows; the training rows where it is left out.</param>
    /// <param name="repetition">Counts the runs of one name, so that each draws its own order.</param>
    /// <param name="makesModel">Whether it stands in the place of the training proper, where the network is exported as it is.</param>
    internal void Train(
        string name, ITrainingStep step, int epochs, TrainingRows? rows = null, long repetition = 0, bool makesModel = false)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (name is "" or TrainingPlan.TrainingProper || !name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter == '-'))
        {
            throw new ArgumentException(
                $"A training cannot be called '{name}'; give it a name of its own, of ASCII letters, digits and hyphens.", nameof(name));
        }

        ArgumentOutOfRangeException.ThrowIfLessThan(epochs, 1);
        rows ??= Training;
        var batches = new BatchPlan(rows.Indices.Length, Options.BatchSize);
        Run(step, new TrainingPlan(name, rows, batches, batches.StepsOf(epochs), Seeds.For(name, repetition)) { MakesModel = makesModel });
    }

    /// <summary>Whether a resumed training goes on after the training proper: what that did, and what was done between it and the next
    /// loop, comes from the checkpoint.</summary>
    internal bool HasFinishedTraining => Checkpoints?.HasFinished(TrainingPlan.TrainingProper) == true;

    /// <summary>Validates once more, with a last layer that was fitted anew after the training proper. A cancellation leaves the figures
    /// out where the best model is to be returned: that is the network with this layer.</summary>
    /// <exception cref="OperationCanceledException">It was cancelled, and the options say to throw.</exception>
    internal void ValidateRefitted()
    {
        TrainingPoint kept = History.Selected!;
        var point = new TrainingPoint(kept.Step, kept.Epoch, new Dictionary<string, double>(), null);
        History.Refitted = point;
        try
        {
            if (ValidationFigures.Of(this, Validation) is not { } figures) return;
            History.Refitted = point with { ValidationScore = figures.Score, Groups = figures.Groups };
            Log(FormattableString.Invariant(
                $"With its new last layer: validation {Options.Selection} {figures.Score:F4}; it was {kept.ValidationScore:F4}."));
        }
        catch (OperationCanceledException) when (Options.OnCancellation == CancellationBehavior.ReturnBest)
        {
            Cancellation.Acknowledge();
            Log("Cancelled while the network was validated with its new last layer; it is returned without these figures.");
        }
    }

    /// <summary>What is worked out from a network that is gone afterwards. A resumed training takes it from its checkpoint.</summary>
    /// <param name="name">What it is.</param>
    /// <param name="workOut">Works it out.</param>
    internal long[] GetOrCompute(string name, Func<long[]> workOut) =>
        Checkpoints is null ? workOut() : Checkpoints.GetOrCompute(name, workOut);

    /// <summary>Makes a readout of this network on its device.</summary>
    /// <param name="name">What it is called in columns and messages.</param>
    /// <param name="options">Where it taps, and how strong it is.</param>
    /// <param name="seed">Draws its initial weights.</param>
    public TappedReadout CreateReadout(string name, ReadoutOptions options, SeedSequence seed)
    {
        ReadoutHead head = ReadoutFactory.Create(Network, options, seed.Seed);
        head.SetPrecision(Precision);
        head.SetChannelsLast(Network.Shape.IsConvolved);
        head.to(Device);
        var readout = new TappedReadout(name, options.Stage, head) { RowBytes = Footprint.OfReadout(head, options.Stage) };
        LayerTree.SetRanks(head, Ranks);
        return readout;
    }

    /// <summary>Adds the nodes of the network and its readouts to a graph.</summary>
    internal GraphValues Export(OnnxGraph graph, string features)
    {
        ExportedNetwork network = NetworkExport.Add(graph, Network, features);
        return new GraphValues(network, [.. Readouts.Select(readout => readout.Head.Export(graph, network.Stages[readout.Stage]))]);
    }

    private void Run(ITrainingStep step, TrainingPlan plan)
    {
        if (Cancellation.IsAcknowledged) return;
        if (_running is not null)
        {
            using (var nested = new TrainingLoop(this, step, plan with { IsNested = true }, null)) nested.Run();
            _running.PrepareNetwork();
            return;
        }

        if (!_ran.Add(plan.Name))
        {
            throw new InvalidOperationException(
                $"This fit has run a training '{plan.Name}' before, and a checkpoint could not tell the two apart. Give each a name of its "
                    + "own.");
        }

        HasModel |= Checkpoints?.HasModel == true;
        if (Checkpoints?.HasFinished(plan.Name) == true) return;
        using var loop = new TrainingLoop(this, step, plan, Checkpoints);
        _running = loop;
        try
        {
            loop.Run();
        }
        finally
        {
            _running = null;
        }
    }

    /// <summary>Disposes the exported readouts, and what the loss has on the device.</summary>
    void IDisposable.Dispose()
    {
        _loss?.Dispose();
        foreach (TappedReadout readout in Readouts) readout.Dispose();
    }
}
