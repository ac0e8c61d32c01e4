using Microsoft.ML;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.FeatureSieve;

namespace Studies;

/// <summary>
/// One shortcut, every method at the same number of steps: plain training, the feature sieve, Just Train Twice, and two oracles. Half of
/// the validation rows conflict; epochs and settings are chosen by the mean of groups on them, as in the released code. "group-dro" is told
/// the groups of the training rows; "dfr" fits its head to the validation rows and their groups. No method else is.
/// </summary>
/// <param name="options">What the command line asks for.</param>
/// <param name="kind">The shortcut, in a word.</param>
/// <param name="agreement">How often it agrees with the label in training.</param>
/// <param name="rows">The rows.</param>
internal sealed class ShortcutStudy(StudyOptions options, string kind, double agreement, IStudyRows rows) : MethodStudy(options)
{
    /// <summary>How often the shortcut agrees with the label on validation rows.</summary>
    public const double ValidationAgreement = 0.5;

    private const int BatchSize = 32;
    private const int DefaultTrials = 24;
    private static readonly double[] UpWeights = [5, 20, 50];
    private static readonly int[] IdentificationEpochs = [1, 5];

    public override string Name => FormattableString.Invariant($"{kind}-{100 * agreement:0.##}");

    public override string Description => FormattableString.Invariant(
        $"{kind}, the shortcut agrees in {agreement:P0} of {rows.Count} training rows, {ValidationAgreement:P0} of validation rows; ")
        + FormattableString.Invariant($"ConvNet 32-64-128, {Steps} steps of {BatchSize}.");

    protected override string Fingerprint => FormattableString.Invariant(
        $"{Name} rows {rows.Count} epochs {Epochs} rate {Rate} by groups {Options.Precision} {Options.Schedule}");

    public override int? Steps => Epochs * ((rows.Count + BatchSize - 1) / BatchSize);

    protected override IReadOnlyList<Method> Methods =>
    [
        new("plain", new Candidate("", training => Alone(training, _ => { }))),
        new("sieve", [.. Settings().Select(setting => new Candidate(setting.ToString(), training => Sieved(training, setting)))]),
        new("group-dro", new Candidate("", training => Alone(training, objective => objective.Kind = ObjectiveKind.GroupDro))),
        new("dfr", new Candidate("", training => Alone(training, objective =>
        {
            objective.Kind = ObjectiveKind.DeepFeatureReweighting;
            objective.ReweightingSet = training.Data.Validation;
        }))),
        new("jtt", [.. from epochs in IdentificationEpochs from upWeight in UpWeights select JustTrainTwice(epochs, upWeight)]),
    ];

    private int Epochs => Options.Epochs ?? (Options.Quick ? 1 : 40);

    private double Rate => Options.Rates.Count > 0 ? Options.Rates[0] : 0.05;

    // What counts is how much faster than the main network the stages forget and the readout learns.
    private SearchSpace Space => new()
    {
        LearningRates = [Rate],
        Stages = [1, 2, 3],
        Depths = [0, 1],
        Width = 32,
        ForgetEvery = [1, 5, 15],
        ForgetRates = [Times(1), Times(3), Times(10), Times(30)],
        ReadoutRates = [Times(0.2), Times(1)],
    };

    protected override StudyData Load(MLContext ml, int seed) => rows.Load(ml, seed);

    private double Times(double factor) => Math.Round(factor * Rate, 10);

    private IEnumerable<Setting> Settings()
    {
        int drawn = Options.Trials ?? (Options.Settings.Count > 0 ? 0 : DefaultTrials);
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

    private EarlyReadoutTransformer Alone(Training training, Action<ObjectiveOptions> set)
    {
        EarlyReadoutEstimator.Options trainer = Common(training, new EarlyReadoutEstimator.Options { Taps = [] });
        set(trainer.Objective);
        return training.Ml.Transforms.EarlyReadout(trainer).Fit(training.Data.Train);
    }

    private EarlyReadoutTransformer Sieved(Training training, Setting setting)
    {
        FeatureSieveTrainer.Options trainer = Common(training, new FeatureSieveTrainer.Options
        {
            Readout = new ReadoutOptions { Stage = setting.Stage, Depth = setting.Depth, Width = setting.Width },
            ForgetEvery = setting.ForgetEvery,
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
        trainer.Network = new NetworkOptions { Kind = NetworkKind.ConvNet, Channels = [32, 64, 128] };
        trainer.Optimizer.LearningRate = Rate;
        trainer.Schedule.Kind = Options.Schedule == "cosine" ? ScheduleKind.Cosine : ScheduleKind.Constant;
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
