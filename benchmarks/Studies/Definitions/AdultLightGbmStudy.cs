using Microsoft.ML;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.Trainers.LightGbm;

namespace Studies;

/// <summary>
/// The rows and the network of <see cref="AdultMethodsStudy"/> with LightGBM beside it: as it is, with the example weights of an early
/// readout, and as the teacher of the network by plain and by debiased distillation. Readouts of the network alone ("plain") tell whether
/// there is anything to see. No method is told groups.
/// </summary>
internal sealed class AdultLightGbmStudy(StudyOptions options) : AdultMethodsStudy(options)
{
    private const string LightGbmName = "lightgbm";
    private const double ReadoutRate = 0.01;
    private static readonly double[] Lambdas = [0.5, 0.9];
    private static readonly double[] Alphas = [0.05, 0.5, 2];
    private static readonly double[] Betas = [0.5, 1, 2, 3];

    protected override string Subject => "adult";

    protected override IReadOnlyList<Method> Methods =>
    [
        new("plain", new Candidate("", training => Read(training, new() { Stage = 1 }, new() { Stage = 1, ClassBalanced = true }))),
        new(LightGbmName, new Candidate("", training => LightGbm(training, null).Fit(training.Data.Train))),
        new($"{LightGbmName}-readout", [.. Weights((training, alpha, beta) => WeightedLightGbm(training, alpha, beta, balanced: false))]),
        new(
            $"{LightGbmName}-readout-balanced",
            [.. Weights((training, alpha, beta) => WeightedLightGbm(training, alpha, beta, balanced: true))]),
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
    ];

    // LightGBM grows trees.
    public override int? StepsOf(string method) => method.StartsWith(LightGbmName, StringComparison.Ordinal) ? null : Steps;

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
        using EarlyReadoutTransformer readouts =
            Read(training, new EarlyReadoutEstimator.Tap { Stage = 1, ClassBalanced = balanced, Name = "Readout" });
        IDataView read = readouts.Transform(training.Data.Train);
        IDataView scored = ml.Transforms.SelectColumns("Features", "Label", "Readout.PredictedLabel", "Readout.Margin")
            .Fit(read)
            .Transform(read);
        IDataView weighted = ml.Data.Cache(
            ml.Transforms.ReadoutWeight(readoutName: "Readout", alpha: alpha, beta: beta).Fit(scored).Transform(scored));
        return LightGbm(training, "Weight").Fit(weighted);
    }

    private EarlyReadoutTransformer Read(Training training, params EarlyReadoutEstimator.Tap[] taps)
    {
        var trainer = new EarlyReadoutEstimator.Options { Taps = taps, ReadoutLearningRate = ReadoutRate };
        return training.Ml.Transforms.EarlyReadout(Common(training, trainer)).Fit(training.Data.Train);
    }

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
}
