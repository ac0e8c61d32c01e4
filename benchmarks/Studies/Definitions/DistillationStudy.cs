using Microsoft.ML;
using Microsoft.ML.EarlyReadout;

namespace Studies;

/// <summary>
/// One shortcut, a large teacher, and a small student by every method at the same number of steps: on its own ("student"), by Just Train
/// Twice, by plain and by debiased distillation ("kd", "debiased"), by SimKD and by DeTT. The teacher is told the groups of the training
/// rows (balanced group DRO, "teacher-dro") or not ("teacher-erm", which teaches "kd-erm" and "debiased-erm"); no student is. A teacher
/// has fewer steps than a student.
/// </summary>
/// <param name="options">What the command line asks for.</param>
/// <param name="rows">The rows.</param>
internal abstract class DistillationStudy(StudyOptions options, IStudyRows rows) : EqualStepsStudy(options, rows)
{
    private static readonly double[] _lambdas = [0.5, 0.9, 1];
    private static readonly double[] _temperatures = [3, 6];
    private static readonly double[] _alphas = [0.05, 1];
    private static readonly double[] _matchingRates = [1, 10, 40]; // a mean over many features has small gradients
    private readonly TeacherShelf _teachers = new(options.Teachers);

    /// <summary>The teacher's epochs, unless the students have fewer.</summary>
    protected abstract int OwnTeacherEpochs { get; }

    /// <summary>The teacher's learning rate.</summary>
    protected abstract double TeacherRate { get; }

    /// <summary>The stages of the student that are read.</summary>
    protected abstract int[] ReadoutStages { get; }

    /// <summary>How much the confident errors of a readout count.</summary>
    protected abstract double[] Betas { get; }

    /// <summary>Channels of the block of a readout.</summary>
    protected abstract int ReadoutWidth { get; }

    /// <summary>How many settings of debiased distillation are drawn unless the command line says otherwise.</summary>
    protected virtual int OwnTrials => 18;

    /// <summary>A fresh teacher.</summary>
    protected abstract NetworkOptions CreateTeacher();

    /// <inheritdoc/>
    protected override string Fingerprint =>
        FormattableString.Invariant($"{base.Fingerprint} teacher epochs {TeacherEpochs} rate {TeacherRate}");

    /// <inheritdoc/>
    protected override IReadOnlyList<Method> Methods =>
    [
        new("teacher-dro", new Candidate("", training => Teacher(training, ObjectiveKind.GroupDro))),
        new("student", new Candidate("", training => Alone(training, _ => { }))),
        new("jtt", [.. TrainedTwice]),
        new("kd", [.. Plain(ObjectiveKind.GroupDro)]),
        new("debiased", [.. Debiased(ObjectiveKind.GroupDro, OwnTrials)]),
        new("teacher-erm", new Candidate("", training => Teacher(training, ObjectiveKind.EmpiricalRisk))),
        new("simkd", [.. _matchingRates.Select(factor => Matched(DistillationMethod.SimKD, factor, upWeight: 1))]),
        new(
            "dett",
            [.. from upWeight in UpWeights from factor in _matchingRates[1..] select Matched(DistillationMethod.DeTT, factor, upWeight)]),
        new("kd-erm", [.. Plain(ObjectiveKind.EmpiricalRisk)]),
        new("debiased-erm", [.. Debiased(ObjectiveKind.EmpiricalRisk, OwnTrials / 2)]), // asked about in passing
    ];

    private int TeacherEpochs => Math.Min(Epochs, OwnTeacherEpochs);

    /// <inheritdoc/>
    public override int? StepsOf(string method) =>
        method.StartsWith("teacher", StringComparison.Ordinal) ? StepsIn(TeacherEpochs) : Steps;

    private IEnumerable<Candidate> Plain(ObjectiveKind teacher) =>
        from lambda in _lambdas
        from temperature in _temperatures
        select new Candidate(
            FormattableString.Invariant($"lambda={lambda},temperature={temperature}"), training => Taught(training, teacher, student =>
            {
                student.Method = DistillationMethod.Plain;
                student.Lambda = lambda;
                student.Temperature = temperature;
            }));

    // The whole grid has four times as many; both teachers' students take the first of the same draws.
    private IEnumerable<Candidate> Debiased(ObjectiveKind teacher, int most)
    {
        Candidate[] all =
        [
            .. from stage in ReadoutStages
               from lambda in _lambdas
               from temperature in _temperatures
               from alpha in _alphas
               from beta in Betas
               select Debiased(teacher, stage, lambda, temperature, alpha, beta),
        ];
        RandomSources.For(SearchSeeds.First(), RandomSources.Settings).Shuffle(all);
        return all.Take(Math.Min(most, Options.Trials ?? most));
    }

    private Candidate Debiased(ObjectiveKind teacher, int stage, double lambda, double temperature, double alpha, double beta) => new(
        FormattableString.Invariant($"stage={stage},lambda={lambda},temperature={temperature},alpha={alpha},beta={beta}"),
        training => Taught(training, teacher, student =>
        {
            student.Method = DistillationMethod.Debiased;
            student.Lambda = lambda;
            student.Temperature = temperature;
            student.Alpha = alpha;
            student.Beta = beta;
            student.NormalizeWeights = true; // or a greater β is a greater learning rate too
            student.Readout = new ReadoutOptions { Stage = stage, Depth = 1, Width = ReadoutWidth };
        }));

    private Candidate Matched(DistillationMethod method, double factor, double upWeight) => new(
        FormattableString.Invariant($"rate={Times(factor)}")
            + (method == DistillationMethod.DeTT ? FormattableString.Invariant($",upweight={upWeight}") : ""),
        training => Taught(training, ObjectiveKind.GroupDro, student =>
        {
            student.Method = method;
            student.Teacher.FeatureColumnName = TeacherShelf.Maps;
            student.Optimizer.LearningRate = Times(factor);
            student.JustTrainTwice.IdentificationEpochs = IdentificationEpochs[0];
            student.JustTrainTwice.UpWeight = upWeight;
        }));

    private EarlyReadoutTransformer Taught(Training training, ObjectiveKind teacher, Action<DebiasedDistillationTrainer.Options> set)
    {
        DebiasedDistillationTrainer.Options student = Common(training, new DebiasedDistillationTrainer.Options());
        student.Teacher.ScoreColumnName = TeacherShelf.Scores;
        set(student);
        IDataView taught = _teachers.Teach(NameOf(training, teacher), training, () => TrainTeacher(training, teacher));
        return training.Ml.MulticlassClassification.Trainers.DebiasedDistillation(student).Fit(taught);
    }

    private EarlyReadoutTransformer Teacher(Training training, ObjectiveKind objective) =>
        _teachers.Train(NameOf(training, objective), training, () => TrainTeacher(training, objective));

    private EarlyReadoutTransformer TrainTeacher(Training training, ObjectiveKind objective)
    {
        EarlyReadoutEstimator.Options teacher = Common(
            training, new EarlyReadoutEstimator.Options { Taps = [], Objective = { Kind = objective } });
        teacher.Network = CreateTeacher();
        teacher.Epochs = TeacherEpochs;
        teacher.Optimizer.LearningRate = TeacherRate;
        return training.Ml.Transforms.EarlyReadout(teacher).Fit(training.Data.Train);
    }

    private string NameOf(Training training, ObjectiveKind objective) =>
        FormattableString.Invariant($"{Conditions} {objective} seed {training.Seed}");
}
