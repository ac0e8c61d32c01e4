using Microsoft.ML;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.Trainers.LightGbm;

namespace Studies;

/// <summary>
/// UCI Adult, income by sex. LightGBM as it is and with the example weights of an early readout; an Mlp on its own, taught by LightGBM, and
/// by debiased distillation. "group-dro" and "dfr" are told the groups of training rows; no method else is.
/// </summary>
internal sealed class AdultStudy(StudyOptions options) : MethodStudy(options)
{
    private const double ReadoutRate = 0.01;
    private static readonly double[] Lambdas = [0.5, 0.9];
    private static readonly double[] UpWeights = [2, 5, 20];
    private static readonly double[] Alphas = [0.05, 0.5, 2];
    private static readonly double[] Betas = [0.5, 1, 2, 3];
    private readonly AdultRows _rows = new(options);

    public override string Name => "adult";

    public override string Description => FormattableString.Invariant(
        $"UCI Adult, its own test split; the label is income, the attribute is sex; {AdultRows.ValidationFraction:P0} of the training ")
            + FormattableString.Invariant($"rows choose settings and epochs; Mlp 64-64, {Epochs} epochs.");

    protected override string Fingerprint => FormattableString.Invariant($"{Name} rows {Options.Rows ?? 0} epochs {Epochs} by groups");

    protected override IReadOnlyList<Method> Methods =>
    [
        new("lightgbm", new Candidate("", training => LightGbm(training, null).Fit(training.Data.Train))),
        new("lightgbm-readout", [.. Weights((training, alpha, beta) => WeightedLightGbm(training, alpha, beta, balanced: false))]),
        new("lightgbm-readout-balanced", [.. Weights((training, alpha, beta) => WeightedLightGbm(training, alpha, beta, balanced: true))]),
        new("erm", new Candidate("", training => Alone(training, _ => { }))),
        new("jtt", [.. UpWeights.Select(JustTrainTwice)]),
        new("kd", [.. Lambdas.Select(
            lambda => new Candidate(FormattableString.Invariant($"lambda={lambda}"), training => Distilled(training, student =>
            {
                student.Method = DistillationMethod.Plain;
                student.Lambda = lambda;
            })))]),
        new("debiased", [.. Weights((training, alpha, beta) => Distilled(training, student =>
        {
            student.Alpha = alpha;
            student.Beta = beta;
            student.WeightBothTerms = true;
        }))]),
        new("debiased-teacher-term", [.. Weights((training, alpha, beta) => Distilled(training, student =>
        {
            student.Alpha = alpha;
            student.Beta = beta;
        }))]),
        new("group-dro", new Candidate("", training => Alone(training, student => student.Objective.Kind = ObjectiveKind.GroupDro))),
        new(
            "dfr",
            new Candidate("", training => Alone(training, student => student.Objective.Kind = ObjectiveKind.DeepFeatureReweighting))),
    ];

    private int Epochs => Options.Epochs ?? (Options.Quick ? 1 : 15);

    private static IEnumerable<Candidate> Weights(Func<Training, double, double, ITransformer> fit) =>
        from alpha in Alphas
        from beta in Betas
        select new Candidate(FormattableString.Invariant($"alpha={alpha},beta={beta}"), training => fit(training, alpha, beta));

    private static LightGbmMulticlassTrainer LightGbm(Training training, string? weights) =>
        training.Ml.MulticlassClassification.Trainers.LightGbm(
            new LightGbmMulticlassTrainer.Options
            {
                ExampleWeightColumnName = weights,
                Seed = training.Seed,
                UseSoftmax = true,
                NumberOfThreads = 1,
            });

    private ITransformer WeightedLightGbm(Training training, double alpha, double beta, bool balanced)
    {
        MLContext ml = training.Ml;
        EarlyReadoutEstimator.Options readout = Common(training, new EarlyReadoutEstimator.Options
        {
            Taps = [new() { Stage = 1, ClassBalanced = balanced, Name = "Readout" }],
            ReadoutLearningRate = ReadoutRate,
        });
        using EarlyReadoutTransformer readouts = ml.Transforms.EarlyReadout(readout).Fit(training.Data.Train);
        IDataView read = readouts.Transform(training.Data.Train);
        IDataView scored = ml.Transforms.SelectColumns("Features", "Label", "Readout.PredictedLabel", "Readout.Margin")
            .Fit(read)
            .Transform(read);
        IDataView weighted = ml.Data.Cache(
            ml.Transforms.ReadoutWeight(readoutName: "Readout", alpha: alpha, beta: beta).Fit(scored).Transform(scored));
        return LightGbm(training, "Weight").Fit(weighted);
    }

    private EarlyReadoutTransformer Alone(Training training, Action<EarlyReadoutEstimator.Options> set)
    {
        EarlyReadoutEstimator.Options student = Common(training, new EarlyReadoutEstimator.Options
        {
            Taps = [new() { Stage = 1 }, new() { Stage = 1, ClassBalanced = true }],
            ReadoutLearningRate = ReadoutRate,
        });
        set(student);
        return training.Ml.Transforms.EarlyReadout(student).Fit(training.Data.Train);
    }

    private Candidate JustTrainTwice(double upWeight) =>
        new(FormattableString.Invariant($"upweight={upWeight}"), training => Alone(training, student =>
        {
            student.Objective.Kind = ObjectiveKind.JustTrainTwice;
            student.Objective.JustTrainTwice.UpWeight = upWeight;
            student.Objective.JustTrainTwice.IdentificationEpochs = 1;
        }));

    private EarlyReadoutTransformer Distilled(Training training, Action<DebiasedDistillationTrainer.Options> set)
    {
        DebiasedDistillationTrainer.Options student = Common(training, new DebiasedDistillationTrainer.Options
        {
            Teacher = { Model = LightGbm(training, null).Fit(training.Data.Train) },
            Readout = { Depth = 0 },
            ReadoutLearningRate = ReadoutRate,
            NormalizeWeights = true,
        });
        set(student);
        return training.Ml.MulticlassClassification.Trainers.DebiasedDistillation(student).Fit(training.Data.Train);
    }

    private TOptions Common<TOptions>(Training training, TOptions trainer)
        where TOptions : TrainerOptions
    {
        trainer.GroupColumnName = "Cue";
        trainer.Network = new NetworkOptions { HiddenUnits = [64, 64] };
        trainer.Epochs = Epochs;
        trainer.BatchSize = 128;
        trainer.Optimizer.LearningRate = 0.02;
        trainer.Schedule.Kind = ScheduleKind.Constant;
        trainer.ValidationSet = training.Data.Validation;
        trainer.Selection = SelectionMetric.UnbiasedAccuracy;
        trainer.Seed = training.Seed;
        trainer.CancellationToken = training.Cancellation;
        return trainer;
    }

    protected override StudyData Load(MLContext ml, int seed) => _rows.Load(ml, seed);
}
