using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.FeatureSieve;
using static TorchSharp.torch;

namespace MLSieve.Tests;

/// <summary>Every way in which this library trains, on the same small rows: what a promise about training must hold for.</summary>
internal static class TrainingCase
{
    public static readonly string[] Names =
        ["readouts together", "readouts afterwards", "class-balanced", "group DRO", "Just Train Twice", "deep feature reweighting",
            "automatic feature reweighting", "sieve", "joint sieve", "distillation", "SimKD", "DeTT"];

    /// <summary>The options of a case: three epochs of seven batches.</summary>
    public static TrainerOptions Options(string name)
    {
        TrainerOptions options = name switch
        {
            "readouts together" => new EarlyReadoutEstimator.Options
            {
                Taps = [new(), new() { Stage = 2, ClassBalanced = true }],
                Optimizer = { Kind = OptimizerKind.AdamW },
            },
            "readouts afterwards" => new EarlyReadoutEstimator.Options { ReadoutTiming = ReadoutTiming.Afterwards, ReadoutEpochs = 2 },
            "class-balanced" => new EarlyReadoutEstimator.Options { Objective = { Kind = ObjectiveKind.ClassBalanced } },
            "group DRO" => new EarlyReadoutEstimator.Options
            {
                Objective = { Kind = ObjectiveKind.GroupDro, GroupDro = { StepSize = 0.1 } },
            },
            "Just Train Twice" => new EarlyReadoutEstimator.Options
            {
                Objective = { Kind = ObjectiveKind.JustTrainTwice, JustTrainTwice = { IdentificationEpochs = 2, UpWeight = 5 } },
            },
            "deep feature reweighting" => new EarlyReadoutEstimator.Options
            {
                Taps = [],
                Objective = { Kind = ObjectiveKind.DeepFeatureReweighting, DeepFeatureReweighting = { Subsets = 3, Strengths = [1, 0.1] } },
            },
            "automatic feature reweighting" => new EarlyReadoutEstimator.Options
            {
                Objective =
                {
                    Kind = ObjectiveKind.AutomaticFeatureReweighting,
                    AutomaticFeatureReweighting = { Source = ReweightingSource.Readout, Beta = 2, LearningRate = 0.2, Epochs = 20 },
                },
            },
            "sieve" => new FeatureSieveTrainer.Options { ForgetEvery = 3, Readout = { Depth = 1, Width = 8 }, ReadoutLearningRate = 0.05 },
            "joint sieve" => new FeatureSieveTrainer.Options
            {
                Update = SieveUpdate.Joint,
                ForgetEvery = 3,
                Readout = { Depth = 1, Width = 8 },
                ReadoutLearningRate = 0.05,
            },
            "distillation" => new DebiasedDistillationTrainer.Options
            {
                StartEpoch = 2,
                ReadoutEvery = 2,
                Readout = { Depth = 0 },
                Teacher = { ScoreKind = TeacherScoreKind.Logits },
            },
            "SimKD" => new DebiasedDistillationTrainer.Options
            {
                Method = DistillationMethod.SimKD,
                Teacher = { ScoreKind = TeacherScoreKind.Logits, FeatureColumnName = "TeacherFeatures" },
            },
            "DeTT" => new DebiasedDistillationTrainer.Options
            {
                Method = DistillationMethod.DeTT,
                Teacher = { ScoreKind = TeacherScoreKind.Logits, FeatureColumnName = "TeacherFeatures" },
            },
            _ => throw new ArgumentOutOfRangeException(nameof(name), name, "No such case."),
        };
        options.GroupColumnName = "Cue";
        options.Epochs = 3;
        options.BatchSize = 32;
        options.ValidationFraction = 0.2;
        options.Seed = 3;
        options.Optimizer.LearningRate = name is "readouts together" ? 0.01 : 0.05;
        // Where trainings of several lengths are compared, epoch k must be the same in all of them; those with a cosine are stopped and go
        // on like any other.
        if (name is not ("class-balanced" or "Just Train Twice")) options.Schedule.Kind = ScheduleKind.Constant;
        options.Network = new NetworkOptions
        {
            Custom = (shape, classes) => new WatchedNetwork(shape, classes, (_, input) => input.alias()),
        };
        return options;
    }

    /// <summary>The rows of every case. The teacher is right, and its features are what a linear layer turns into its scores.</summary>
    public static IDataView Rows(MLContext ml, int count = 260)
    {
        BiasedRow[] rows = BiasedRow.Draw(count);
        foreach (BiasedRow row in rows) row.TeacherFeatures = [.. row.TeacherScore.Select(score => score * 0.5f)];
        return BiasedRow.View(ml, rows);
    }

    /// <summary>Trains.</summary>
    public static EarlyReadoutTransformer Fit(TrainerOptions options, MLContext? context = null)
    {
        MLContext ml = context ?? new MLContext(seed: 1);
        return options.Estimator(ml).Fit(Rows(ml));
    }

    /// <summary>Trains and gives the bytes of the model.</summary>
    public static byte[] FitToBytes(TrainerOptions options, MLContext? context = null)
    {
        using EarlyReadoutTransformer model = Fit(options, context);
        return ModelBytes.Of(model);
    }

    /// <summary>What a model answers for the rows.</summary>
    public static float[] Scores(EarlyReadoutTransformer model) =>
        [.. model.Transform(Rows(new MLContext(seed: 1))).GetColumn<float[]>("Score").SelectMany(score => score)];
}
