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
    private const int DefaultTrials = 24;
    private const int JointTrials = 12; // it is asked whether the other update does better or worse, not for the best setting of it
    private static readonly double[] _gammas = [4, 8, 14];
    private static readonly double[] _penalties = [0, 0.2];
    private static readonly double[] _betas = [2, 4];

    /// <summary>The settings of the sieve that are tried, those of the command line besides.</summary>
    protected abstract SearchSpace Space { get; }

    /// <inheritdoc/>
    protected override IReadOnlyList<Method> Methods =>
    [
        new("plain", new Candidate("", training => Alone(training, _ => { }))),
        new("sieve", [.. Settings().Select(setting => new Candidate(setting.ToString(), training => Sieved(training, setting, SieveUpdate.Alternating)))]),
        new("jtt", [.. TrainedTwice]),
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

    // A joint update takes the first of the same draws: its forgetting rate is the same movement in all, so momentum's factor is no axis.
    private IEnumerable<Setting> Settings(int most = int.MaxValue)
    {
        int drawn = Math.Min(most, Options.Trials ?? (Options.Settings.Count > 0 ? 0 : DefaultTrials));
        return Options.Settings.Select(text => Setting.Parse(text, Rate))
            .Concat(Space.Draw(drawn, Rate, Draws.For(SearchSeeds.First(), Draws.Settings)))
            .Distinct();
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
}
