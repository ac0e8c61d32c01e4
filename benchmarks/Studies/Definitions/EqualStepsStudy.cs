using Microsoft.ML;
using Microsoft.ML.EarlyReadout;

namespace Studies;

/// <summary>
/// Methods side by side at one number of steps: rows, a network and a budget that all of them share. Epochs and settings are chosen by the
/// mean of groups on validation rows, as in the released codes.
/// </summary>
/// <param name="options">What the command line asks for.</param>
/// <param name="rows">The rows.</param>
internal abstract class EqualStepsStudy(StudyOptions options, IStudyRows rows) : MethodStudy(options)
{
    /// <summary>How much more the rows count that Just Train Twice takes for misled.</summary>
    protected static readonly double[] UpWeights = [5, 20, 50];

    /// <summary>Epochs unless the command line says otherwise.</summary>
    protected abstract int OwnEpochs { get; }

    /// <summary>The learning rate unless the command line says otherwise.</summary>
    protected abstract double OwnRate { get; }

    /// <summary>How the learning rate changes: as the command line says, unless the study has a schedule of its own.</summary>
    protected virtual ScheduleKind Schedule => Options.Schedule == "cosine" ? ScheduleKind.Cosine : ScheduleKind.Constant;

    /// <summary>The epochs after which Just Train Twice is tried to take what is wrong for what misleads.</summary>
    protected abstract int[] IdentificationEpochs { get; }

    /// <summary>A fresh network.</summary>
    protected abstract NetworkOptions CreateNetwork();

    /// <summary>What is studied, in a word.</summary>
    protected abstract string Subject { get; }

    /// <summary>Names the column of what is learned from.</summary>
    protected virtual void SetInput(TrainerOptions trainer) => trainer.FeatureColumnName = "Pixels";

    /// <summary>Rows in a batch.</summary>
    protected virtual int BatchSize => 32;

    /// <summary>Training rows.</summary>
    protected int RowCount => rows.Count;

    /// <summary>Epochs.</summary>
    protected int Epochs => Options.Epochs ?? (Options.Quick ? 1 : OwnEpochs);

    /// <summary>The learning rate.</summary>
    protected double Rate => Options.Rate ?? OwnRate;

    /// <summary>What is studied; a study of averaged weights is one of its own, with a file and a search of its own.</summary>
    public sealed override string Name => Options.Average > 0 ? Subject + "-average" : Subject;

    /// <inheritdoc/>
    protected override string Fingerprint => FormattableString.Invariant($"{Name} rows {RowCount} epochs {Epochs} rate {Rate} by groups ")
        + $"{Options.Precision} {Schedule.ToString().ToLowerInvariant()}"
        + (Options.Average > 0 ? FormattableString.Invariant($" average {Options.Average}") : "")
        + (Options.Size is { } side ? FormattableString.Invariant($" side {side}") : "");

    /// <inheritdoc/>
    public override int? Steps => StepsIn(Epochs);

    /// <summary>Trains plainly, without a look at groups or validation rows, with readouts on some stages.</summary>
    /// <param name="seed">The seed of rows and training.</param>
    /// <param name="taps">The readouts.</param>
    /// <param name="cancellation">Stops it within a step.</param>
    public (EarlyReadoutTransformer Model, StudyData Data) Diagnosed(
        int seed, EarlyReadoutEstimator.Tap[] taps, CancellationToken cancellation)
    {
        var ml = new MLContext(seed);
        StudyData data = Load(ml, seed);
        EarlyReadoutEstimator.Options trainer =
            Common(new Training(ml, data, seed, cancellation), new EarlyReadoutEstimator.Options { Taps = taps });
        (trainer.ValidationSet, trainer.GroupColumnName, trainer.Selection) = (null, null, SelectionMetric.LastEpoch);
        return (ml.Transforms.EarlyReadout(trainer).Fit(data.Train), data);
    }

    /// <summary>Training twice by Just Train Twice, with nothing else added.</summary>
    protected IEnumerable<Candidate> TrainedTwice =>
        from epochs in IdentificationEpochs from upWeight in UpWeights select JustTrainTwice(epochs, upWeight);

    /// <summary>The method with some of its settings, drawn by the first seed of the search.</summary>
    protected Method Few(Method method, int most)
    {
        Candidate[] all = [.. method.Candidates];
        RandomSources.For(SearchSeeds.First(), RandomSources.Settings).Shuffle(all);
        return method with { Candidates = [.. all.Take(most)] };
    }

    /// <inheritdoc/>
    protected override StudyData Load(MLContext ml, int seed) => rows.Load(ml, seed);

    /// <summary>Steps in some epochs.</summary>
    protected int StepsIn(int epochs) => epochs * ((RowCount + BatchSize - 1) / BatchSize);

    /// <summary>
    /// A multiple of the learning rate: what counts is how much faster than the network something else learns or forgets.
    /// </summary>
    protected double Times(double factor) => Math.Round(factor * Rate, 10);

    /// <summary>Sets what is the study's own in any training.</summary>
    protected virtual void Prepare(TrainerOptions trainer)
    {
    }

    /// <summary>Trains the network by an objective, on labels alone.</summary>
    protected EarlyReadoutTransformer Alone(Training training, Action<ObjectiveOptions> set, params EarlyReadoutEstimator.Tap[] taps)
    {
        EarlyReadoutEstimator.Options trainer = Common(training, new EarlyReadoutEstimator.Options { Taps = taps });
        set(trainer.Objective);
        // An epoch over a part of the rows has fewer steps.
        if (trainer.Objective.Kind == ObjectiveKind.AutomaticFeatureReweighting) (trainer.Epochs, trainer.Steps) = (null, Steps);
        return training.Ml.Transforms.EarlyReadout(trainer).Fit(training.Data.Train);
    }

    /// <summary>Sets what all methods share, and what a training has to work with.</summary>
    protected TOptions Common<TOptions>(Training training, TOptions trainer)
        where TOptions : TrainerOptions
    {
        Common(trainer);
        trainer.ValidationSet = training.Data.Validation;
        trainer.Seed = training.Seed;
        trainer.CancellationToken = training.Cancellation;
        return trainer;
    }

    /// <summary>Sets what all methods share.</summary>
    protected TOptions Common<TOptions>(TOptions trainer)
        where TOptions : TrainerOptions
    {
        SetInput(trainer);
        trainer.GroupColumnName = "Cue";
        trainer.Network = CreateNetwork();
        trainer.Optimizer.LearningRate = Rate;
        trainer.Schedule.Kind = Schedule;
        trainer.AveragingDecay = Options.Average;
        trainer.Precision = Options.Precision == "bfloat16" ? Precision.BFloat16 : Precision.Float32;
        trainer.Epochs = Epochs;
        trainer.BatchSize = BatchSize;
        trainer.Selection = SelectionMetric.UnbiasedAccuracy;
        Prepare(trainer);
        return trainer;
    }

    private Candidate JustTrainTwice(int epochs, double upWeight)
    {
        return new Candidate(FormattableString.Invariant($"identification={epochs},upweight={upWeight}"), training => Alone(training, Set));

        void Set(ObjectiveOptions objective)
        {
            objective.Kind = ObjectiveKind.JustTrainTwice;
            objective.JustTrainTwice.IdentificationEpochs = epochs;
            objective.JustTrainTwice.UpWeight = upWeight;
        }
    }
}
