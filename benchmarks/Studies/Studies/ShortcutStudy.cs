using Microsoft.ML;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.FeatureSieve;

namespace Studies;

/// <summary>
/// One shortcut, every method at the same number of steps: plain training, the feature sieve, the same as one joint update, Just
/// Train Twice, automatic feature reweighting by the network's confidence ("afr") and by a readout's errors ("readout-afr"), and two
/// oracles. The validation rows are as many or nearly so of every group; epochs and settings are chosen by the mean of groups on them,
/// as in the released code. "group-dro" is told the groups of the training rows; "dfr" fits its head to the validation rows and their
/// groups. No method else is.
/// </summary>
/// <param name="options">What the command line asks for.</param>
/// <param name="rows">The rows.</param>
internal abstract class ShortcutStudy(StudyOptions options, IStudyRows rows) : MethodStudy(options)
{
    /// <summary>Rows in a batch.</summary>
    protected const int BatchSize = 32;

    private const int DefaultTrials = 24;
    private const int JointTrials = 12; // it is asked whether the other update does better or worse, not for the best setting of it
    private static readonly double[] _upWeights = [5, 20, 50];
    private static readonly double[] _gammas = [4, 8, 14];
    private static readonly double[] _penalties = [0, 0.2];
    private static readonly double[] _betas = [2, 4];

    /// <summary>Epochs unless the command line says otherwise.</summary>
    protected abstract int OwnEpochs { get; }

    /// <summary>The learning rate unless the command line says otherwise.</summary>
    protected abstract double OwnRate { get; }

    /// <summary>How the learning rate changes.</summary>
    protected abstract ScheduleKind Schedule { get; }

    /// <summary>The epochs after which Just Train Twice is tried to take what is wrong for what misleads.</summary>
    protected abstract int[] IdentificationEpochs { get; }

    /// <summary>The settings of the sieve that are tried, those of the command line besides.</summary>
    protected abstract SearchSpace Space { get; }

    /// <summary>A fresh network.</summary>
    protected abstract NetworkOptions CreateNetwork();

    /// <summary>Training rows.</summary>
    protected int RowCount => rows.Count;

    /// <summary>Epochs.</summary>
    protected int Epochs => Options.Epochs ?? (Options.Quick ? 1 : OwnEpochs);

    /// <summary>The learning rate.</summary>
    protected double Rate => Options.Rates.Count > 0 ? Options.Rates[0] : OwnRate;

    /// <inheritdoc/>
    protected override string Fingerprint => FormattableString.Invariant($"{Name} rows {RowCount} epochs {Epochs} rate {Rate} by groups ")
        + $"{Options.Precision} {(Schedule == ScheduleKind.Cosine ? "cosine" : "constant")}";

    /// <inheritdoc/>
    public override int? Steps => Epochs * ((RowCount + BatchSize - 1) / BatchSize);

    /// <inheritdoc/>
    protected override IReadOnlyList<Method> Methods =>
    [
        new("plain", new Candidate("", training => Alone(training, _ => { }))),
        new("sieve", [.. Settings().Select(setting => new Candidate(setting.ToString(), training => Sieved(training, setting, SieveUpdate.Alternating)))]),
        new("jtt", [.. from epochs in IdentificationEpochs from upWeight in _upWeights select JustTrainTwice(epochs, upWeight)]),
        new("afr", [.. from gamma in _gammas from penalty in _penalties select Reweighted(gamma, penalty)]),
        new("group-dro", new Candidate("", training => Alone(training, objective => objective.Kind = ObjectiveKind.GroupDro))),
        new("sieve-joint", [.. Settings(JointTrials).Select(setting => new Candidate(setting.ToString(), training => Sieved(training, setting, SieveUpdate.Joint)))]),
        new("readout-afr", [.. from stage in Space.Stages from beta in _betas select ReweightedByReadout(stage, beta)]),
        new("dfr", new Candidate("", training => Alone(training, objective =>
        {
            objective.Kind = ObjectiveKind.DeepFeatureReweighting;
            objective.ReweightingSet = training.Data.Validation;
        }))),
    ];

    /// <inheritdoc/>
    protected override StudyData Load(MLContext ml, int seed) => rows.Load(ml, seed);

    /// <summary>A multiple of the learning rate: what counts is how much faster than the network the stages forget and the readout learns.</summary>
    protected double Times(double factor) => Math.Round(factor * Rate, 10);

    // A joint update takes the first of the same draws: its forgetting rate is the same movement in all, so momentum's factor is no axis.
    private IEnumerable<Setting> Settings(int most = int.MaxValue)
    {
        int drawn = Math.Min(most, Options.Trials ?? (Options.Settings.Count > 0 ? 0 : DefaultTrials));
        return Options.Settings.Select(text => Setting.Parse(text, Rate))
            .Concat(Space.Draw(drawn, Rate, Draws.For(SearchSeeds.First(), Draws.Settings)))
            .Distinct();
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

    private Candidate Reweighted(double gamma, double penalty)
    {
        return new Candidate(FormattableString.Invariant($"gamma={gamma},penalty={penalty}"), training => Alone(training, Set));

        void Set(ObjectiveOptions objective)
        {
            objective.Kind = ObjectiveKind.AutomaticFeatureReweighting;
            objective.AutomaticFeatureReweighting.Gamma = gamma;
            objective.AutomaticFeatureReweighting.Penalty = penalty;
        }
    }

    private Candidate ReweightedByReadout(int stage, double beta)
    {
        return new Candidate(
            FormattableString.Invariant($"stage={stage},beta={beta}"),
            training => Alone(training, Set, new EarlyReadoutEstimator.Tap { Stage = stage }));

        void Set(ObjectiveOptions objective)
        {
            objective.Kind = ObjectiveKind.AutomaticFeatureReweighting;
            objective.AutomaticFeatureReweighting.Weights = ReweightingSource.Readout;
            objective.AutomaticFeatureReweighting.Beta = beta;
        }
    }

    private EarlyReadoutTransformer Alone(Training training, Action<ObjectiveOptions> set, params EarlyReadoutEstimator.Tap[] taps)
    {
        EarlyReadoutEstimator.Options trainer = Common(training, new EarlyReadoutEstimator.Options { Taps = taps });
        set(trainer.Objective);
        // An epoch over a part of the rows has fewer steps.
        if (trainer.Objective.Kind == ObjectiveKind.AutomaticFeatureReweighting) (trainer.Epochs, trainer.Steps) = (null, Steps);
        return training.Ml.Transforms.EarlyReadout(trainer).Fit(training.Data.Train);
    }

    private EarlyReadoutTransformer Sieved(Training training, Setting setting, SieveUpdate update)
    {
        FeatureSieveTrainer.Options trainer = Common(training, new FeatureSieveTrainer.Options
        {
            Readout = new ReadoutOptions { Stage = setting.Stage, Depth = setting.Depth, Width = setting.Width },
            ForgetEvery = setting.ForgetEvery,
            Update = update,
            ForgetLearningRate = setting.ForgetRate,
            ReadoutLearningRate = setting.ReadoutRate,
        });
        return training.Ml.MulticlassClassification.Trainers.FeatureSieve(trainer).Fit(training.Data.Train);
    }

    private TOptions Common<TOptions>(Training training, TOptions trainer)
        where TOptions : TrainerOptions
    {
        trainer.FeatureColumnName = "Pixels";
        trainer.GroupColumnName = "Cue";
        trainer.Network = CreateNetwork();
        trainer.Optimizer.LearningRate = Rate;
        trainer.Schedule.Kind = Schedule;
        trainer.Precision = Options.Precision == "bfloat16" ? Precision.BFloat16 : Precision.Float32;
        trainer.Epochs = Epochs;
        trainer.BatchSize = BatchSize;
        trainer.ValidationSet = training.Data.Validation;
        trainer.Selection = SelectionMetric.MeanOfGroupsAccuracy;
        trainer.Seed = training.Seed;
        trainer.CancellationToken = training.Cancellation;
        return trainer;
    }
}
