using Microsoft.ML;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.FeatureSieve;

namespace MLSieve.Tests;

/// <summary>The estimators that keep the contract.</summary>
public enum ContractTrainer
{
    Readouts,
    Sieve,
    Distillation,
}

/// <summary>The kinds of feature column that an estimator reads.</summary>
public enum ContractInput
{
    Vector,
    Pixels,
    Images,
}

internal static class ContractTrainers
{
    /// <summary>
    /// Options of a training that takes some 20 steps of a tiny network; everything that differs between the trainers is in it.
    /// </summary>
    public static TrainerOptions Options(this ContractTrainer trainer, ContractInput input)
    {
        TrainerOptions options = trainer switch
        {
            ContractTrainer.Readouts =>
                new EarlyReadoutEstimator.Options { Taps = [new() { Stage = 0 }, new() { Depth = 1, Width = 4, ClassBalanced = true }] },
            ContractTrainer.Sieve => new FeatureSieveTrainer.Options { Readout = { Depth = 1, Width = 4 }, ForgetEvery = 2 },
            _ => new DebiasedDistillationTrainer.Options { Readout = { Depth = 1, Width = 4 } },
        };
        options.FeatureColumnName = input.ToString();
        options.Network.HiddenUnits = [8];
        options.Network.Channels = [4];
        // Pixels come as a flat vector: the shape is the options' to tell.
        if (input == ContractInput.Pixels)
            (options.Network.Input.Height, options.Network.Input.Width) = (ContractRow.Side, ContractRow.Side);
        options.Optimizer.LearningRate = 0.02;
        options.Schedule.Kind = ScheduleKind.Constant; // 20 steps are too few to let the rate fall
        options.BatchSize = 16;
        options.Epochs = 3;
        return options;
    }

    public static IEstimator<EarlyReadoutTransformer> Estimator(this TrainerOptions options, MLContext ml) => options switch
    {
        EarlyReadoutEstimator.Options readouts => ml.Transforms.EarlyReadout(readouts),
        FeatureSieveTrainer.Options sieve => ml.MulticlassClassification.Trainers.FeatureSieve(sieve),
        DebiasedDistillationTrainer.Options distillation => ml.MulticlassClassification.Trainers.DebiasedDistillation(distillation),
        _ => throw new ArgumentException($"No trainer takes {options.GetType()}.", nameof(options)),
    };

    /// <summary>The estimator of a trial: sampled options over fixed ones.</summary>
    public static IEstimator<EarlyReadoutTransformer> Trial(this TrainerOptions options, MLContext ml, TrainerOptions sampled) =>
        options switch
        {
            EarlyReadoutEstimator.Options readouts => ml.Transforms.EarlyReadout(readouts, (EarlyReadoutEstimator.Options)sampled),
            FeatureSieveTrainer.Options sieve =>
                ml.MulticlassClassification.Trainers.FeatureSieve(sieve, (FeatureSieveTrainer.Options)sampled),
            DebiasedDistillationTrainer.Options distillation =>
                ml.MulticlassClassification.Trainers.DebiasedDistillation(distillation, (DebiasedDistillationTrainer.Options)sampled),
            _ => throw new ArgumentException($"No trainer takes {options.GetType()}.", nameof(options)),
        };
}
