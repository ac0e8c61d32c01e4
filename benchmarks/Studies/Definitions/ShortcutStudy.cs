using Microsoft.ML;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.FeatureSieve;

namespace Studies;

/// <summary>
/// One shortcut, every method at the same number of steps: plain training, the feature sieve, the same as one joint update, Just
/// Train Twice, automatic feature reweighting by the network's confidence ("afr") and by a readout's errors ("readout-afr"), and two
/// oracles. "group-dro" is told the groups of the training rows; "dfr" fits its head to the validation rows and their groups. No method
/// else is.
/// </summary>
/// <param name="options">What the command line asks for.</param>
/// <param name="rows">The rows.</param>
internal abstract class ShortcutStudy(StudyOptions options, IStudyRows rows) : EqualStepsStudy(options, rows)
{
    private const int QuickTrials = 1;
    private const int JointTrials = 12; // it is asked whether the other update does better or worse, not for the best setting of it
    private static readonly double[] _gammas = [4, 8, 14];
    private static readonly double[] _penalties = [0, 0.2];
    private static readonly double[] _betas = [2, 4];

    /// <summary>The settings of the sieve that are tried, those of the command line besides.</summary>
    protected abstract SieveSpace Space { get; }

    /// <summary>How many settings of the sieve are drawn unless the command line says otherwise.</summary>
    protected virtual int OwnTrials => 24;

    /// <summary>Settings of the sieve that are named: those of the command line.</summary>
    protected virtual IReadOnlyList<string> KnownSettings => Options.Settings;

    /// <inheritdoc/>
    protected override IReadOnlyList<Method> Methods =>
    [
        new("plain", new Candidate("", training => Alone(training, _ => { }))),
        Sieve("sieve", SieveUpdate.Alternating),
        new("jtt", [.. TrainedTwice]),
        new("afr", [.. from gamma in _gammas from penalty in _penalties select Reweighted(gamma, penalty)]),
        new("group-dro", new Candidate("", training => Alone(training, objective => objective.Kind = ObjectiveKind.GroupDro))),
        Sieve("sieve-joint", SieveUpdate.Joint),
        new("readout-afr", [.. from stage in Space.Stages! from beta in _betas select ReweightedByReadout(stage, beta)]),
        new("dfr", new Candidate("", training => Alone(training, objective =>
        {
            objective.Kind = ObjectiveKind.DeepFeatureReweighting;
            objective.DeepFeatureReweighting.ReweightingSet = training.Data.Validation;
        }))),
    ];

    // Settings that are named are all there is to choose among, unless the command line asks for trials besides.
    private Method Sieve(string name, SieveUpdate update)
    {
        Setting[] known = [.. KnownSettings.Select(text => Setting.Parse(text, Rate)).Distinct()];
        return known.Length > 0 && Options.Trials is null
            ? new Method(name, [.. known.Select(At)])
            : new Method(name) { Settings = new SearchedSettings(Create, text => At(Setting.Parse(text, Rate))) };

        Candidate At(Setting setting) => new(setting.ToString(), training => Sieved(training, setting, update));

        SieveSearchOptions Create()
        {
            int trials = Options.Trials ?? (Options.Quick ? QuickTrials : OwnTrials);
            FeatureSieveTrainer.Options trainer = Common(new FeatureSieveTrainer.Options { Update = update });
            (trainer.Epochs, trainer.Steps, trainer.ValidateEverySteps) = (null, Steps, Steps / Epochs); // as the final runs
            return new SieveSearchOptions
            {
                Trainer = trainer,
                Space = Space,
                Trials = update == SieveUpdate.Joint ? Math.Min(trials, JointTrials) : trials,
                KnownSettings = [.. known.Select(OptionsOf)],
            };
        }

        FeatureSieveTrainer.Options OptionsOf(Setting setting)
        {
            var options = new FeatureSieveTrainer.Options();
            setting.Apply(options);
            return options;
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
            objective.AutomaticFeatureReweighting.Source = ReweightingSource.Readout;
            objective.AutomaticFeatureReweighting.Beta = beta;
        }
    }

    private EarlyReadoutTransformer Sieved(Training training, Setting setting, SieveUpdate update)
    {
        FeatureSieveTrainer.Options trainer = Common(training, new FeatureSieveTrainer.Options { Update = update });
        setting.Apply(trainer);
        return training.Ml.MulticlassClassification.Trainers.FeatureSieve(trainer).Fit(training.Data.Train);
    }
}
