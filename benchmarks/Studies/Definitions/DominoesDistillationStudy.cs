using Microsoft.ML;
using Microsoft.ML.EarlyReadout;

namespace Studies;

/// <summary>
/// Dominoes with a large teacher and a small student: what does the student take over of the shortcut, by plain training, by distillation,
/// and by debiased distillation? Teachers and "group-dro" are told the groups of the training rows; no student else is.
/// </summary>
internal sealed class DominoesDistillationStudy(StudyOptions options, double agreement) : MethodStudy(options)
{
    private const double ReadoutRate = 0.01;
    private static readonly double[] Lambdas = [0.5, 0.9];
    private static readonly double[] UpWeights = [5, 20];

    // A mean over 512 features has small gradients: at the students' own rate, six epochs are too few for the distance to fall.
    private static readonly double[] MatchingRates = [0.05, 0.5, 2];
    private static readonly double[] Alphas = [0.1, 1];
    private static readonly double[] Betas = [1, 2, 3];
    private static readonly int[] LaterStages = [2, 3]; // stage 1 hardly sees the digit
    private static readonly int[] IdentificationEpochs = [1, 3];
    private readonly DominoesRows _rows = new(options, agreement, validationAgreement: agreement);
    private readonly TeacherShelf _teachers = new(options.Teachers);

    public override string Name => FormattableString.Invariant($"distillation-{agreement}");

    public override string Description => FormattableString.Invariant(
        $"Dominoes at {agreement:P0}, {_rows.Count} training rows; teacher ResNet-18 (ImageNet stem), by group DRO and by ERM; student ")
            + FormattableString.Invariant($"ConvNet 16-32-64; {Epochs} epochs (teachers 4).");

    protected override string Fingerprint => FormattableString.Invariant($"{Name} rows {_rows.Count} epochs {Epochs}");

    protected override IReadOnlyList<Method> Methods =>
    [
        new("teacher-dro", new Candidate("rate=0.02", training => Teacher(training, ObjectiveKind.GroupDro))),
        new("teacher-erm", new Candidate("rate=0.02", training => Teacher(training, ObjectiveKind.EmpiricalRisk))),
        new("erm", new Candidate("", training => Alone(training, ObjectiveKind.EmpiricalRisk))),
        new("jtt", [.. from epochs in IdentificationEpochs from upWeight in UpWeights select JustTrainTwice(epochs, upWeight)]),
        new("kd", [.. Lambdas.Select(lambda => Distilled(ObjectiveKind.GroupDro, DistillationMethod.Plain, lambda))]),
        new("simkd", [.. MatchingRates.Select(rate => Matched(DistillationMethod.SimKD, rate, upWeight: 1))]),
        new(
            "dett",
            [.. from upWeight in UpWeights from rate in MatchingRates[1..] select Matched(DistillationMethod.DeTT, rate, upWeight)]),
        new("debiased",
        [
            ..
               from alpha in Alphas
               from beta in Betas
               select Distilled(ObjectiveKind.GroupDro, DistillationMethod.Debiased, 0.9, alpha, beta),
            ..
               from stage in LaterStages
               from beta in Betas
               select Distilled(ObjectiveKind.GroupDro, DistillationMethod.Debiased, 0.9, 1, beta, stage),
        ]),
        new("kd-erm-teacher", Distilled(ObjectiveKind.EmpiricalRisk, DistillationMethod.Plain, 0.9)),
        new("debiased-erm-teacher", Distilled(ObjectiveKind.EmpiricalRisk, DistillationMethod.Debiased, 0.9, 0.1, 2)),
        new("group-dro", new Candidate("", training => Alone(training, ObjectiveKind.GroupDro))),
    ];

    private int Epochs => Options.Epochs ?? (Options.Quick ? 1 : 6);

    protected override StudyData Load(MLContext ml, int seed) => _rows.Load(ml, seed);

    private int TeacherEpochs => Options.Epochs ?? (Options.Quick ? 1 : 4);

    private EarlyReadoutTransformer Teacher(Training training, ObjectiveKind objective) =>
        _teachers.Train(NameOf(training, objective), training, () => TrainTeacher(training, objective));

    private EarlyReadoutTransformer TrainTeacher(Training training, ObjectiveKind objective)
    {
        EarlyReadoutEstimator.Options teacher = Common(
            training, new EarlyReadoutEstimator.Options { Taps = [], Objective = { Kind = objective } });
        teacher.Network = new NetworkOptions { Kind = NetworkKind.ResNet18, Stem = ResNetStem.ImageNet };
        teacher.Optimizer.LearningRate = 0.02;
        teacher.Epochs = TeacherEpochs;
        return training.Ml.Transforms.EarlyReadout(teacher).Fit(training.Data.Train);
    }

    private string NameOf(Training training, ObjectiveKind objective) =>
        FormattableString.Invariant($"{Conditions} {objective} epochs {TeacherEpochs} seed {training.Seed}");

    private EarlyReadoutTransformer Alone(Training training, ObjectiveKind objective, int identificationEpochs = 1, double upWeight = 1)
    {
        EarlyReadoutEstimator.Options student = Common(training, new EarlyReadoutEstimator.Options
        {
            // The diagnosis: readouts change nothing in the network.
            Taps = objective == ObjectiveKind.EmpiricalRisk
                ? [new() { Stage = 1 }, new() { Stage = 1, ClassBalanced = true }, new() { Stage = 2 }, new() { Stage = 3 }]
                : [],
            ReadoutLearningRate = ReadoutRate,
            Objective = { Kind = objective, JustTrainTwice = { IdentificationEpochs = identificationEpochs, UpWeight = upWeight } },
        });
        return training.Ml.Transforms.EarlyReadout(student).Fit(training.Data.Train);
    }

    private Candidate JustTrainTwice(int epochs, double upWeight) => new(
        FormattableString.Invariant($"identification={epochs},upweight={upWeight}"),
        training => Alone(training, ObjectiveKind.JustTrainTwice, epochs, upWeight));

    private Candidate Distilled(
        ObjectiveKind teacher, DistillationMethod method, double lambda, double alpha = 0, double beta = 0, int stage = 1) => new(
        FormattableString.Invariant($"lambda={lambda}")
            + (method == DistillationMethod.Debiased
                ? FormattableString.Invariant($",alpha={alpha},beta={beta}{(stage > 1 ? $",stage={stage}" : "")}")
                : ""),
        training => Student(training, teacher, student =>
        {
            student.Method = method;
            student.Lambda = lambda;
            student.Alpha = alpha;
            student.Beta = beta;
            student.NormalizeWeights = true;
            student.Readout = new ReadoutOptions { Stage = stage, Depth = 1, Width = 32 };
        }));

    private Candidate Matched(DistillationMethod method, double rate, double upWeight) => new(
        FormattableString.Invariant($"rate={rate}")
            + (method == DistillationMethod.DeTT ? FormattableString.Invariant($",upweight={upWeight}") : ""),
        training => Student(training, ObjectiveKind.GroupDro, student =>
        {
            student.Method = method;
            student.Teacher.FeatureColumnName = "FeatureMaps";
            student.Optimizer.LearningRate = rate;
            student.JustTrainTwice.UpWeight = upWeight;
        }));

    private EarlyReadoutTransformer Student(Training training, ObjectiveKind teacher, Action<DebiasedDistillationTrainer.Options> set)
    {
        DebiasedDistillationTrainer.Options student = Common(training, new DebiasedDistillationTrainer.Options
        {
            Readout = { Depth = 1, Width = 128 },
            ReadoutLearningRate = ReadoutRate,
            JustTrainTwice = { IdentificationEpochs = 1 },
        });
        set(student);
        IDataView taught = _teachers.Teach(NameOf(training, teacher), training, () => TrainTeacher(training, teacher));
        return training.Ml.MulticlassClassification.Trainers.DebiasedDistillation(student).Fit(taught);
    }

    private TOptions Common<TOptions>(Training training, TOptions trainer)
        where TOptions : TrainerOptions
    {
        trainer.FeatureColumnName = "Pixels";
        trainer.GroupColumnName = "Cue";
        trainer.Network = new NetworkOptions { Kind = NetworkKind.ConvNet, Channels = [16, 32, 64] };
        trainer.Optimizer.LearningRate = 0.05;
        trainer.Schedule.Kind = ScheduleKind.Constant;
        trainer.Epochs = Epochs;
        trainer.ValidationSet = training.Data.Validation;
        trainer.Selection = SelectionMetric.UnbiasedAccuracy;
        trainer.Seed = training.Seed;
        trainer.CancellationToken = training.Cancellation;
        return trainer;
    }
}
