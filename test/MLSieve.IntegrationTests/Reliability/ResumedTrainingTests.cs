using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.FeatureSieve;

namespace MLSieve.Tests;

/// <summary>A training is stopped at every so many batches and started again until it ends, as it would have ended at once.</summary>
public sealed class ResumedTrainingTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("resumed-").FullName;

    public static TheoryData<string> Cases => [.. TrainingCase.Names];

    public static MatrixTheoryData<ContractTrainer, ContractInput> TrainersAndInputs =>
        new(Enum.GetValues<ContractTrainer>(), Enum.GetValues<ContractInput>());

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_training_that_is_stopped_anywhere_ends_bitwise_as_one_that_is_not(string name) =>
        // Some things are done in one go: what distillation does before an epoch takes 9 batches; to measure a row, to make two readouts,
        // in the end to profile the readouts' margins, and to compare them and the network with their graph, takes 7; to fit a head anew
        // and to validate it takes 7; by a readout, 9.
        StopAndGoOn(
            () => TrainingCase.Options(name),
            options => TrainingCase.FitToBytes(options),
            every: name switch
            {
                "distillation" => 11,
                "automatic feature reweighting" => 10,
                "readouts together" => 8,
                "deep feature reweighting" => 8,
                _ => 6,
            });

    [Theory]
    [InlineData("sieve", 6)]
    [InlineData("distillation", 11)]
    public void So_does_one_that_validates_within_epochs_and_has_lost_patience_by_its_end(string name, int every) =>
        StopAndGoOn(
            () =>
            {
                TrainerOptions options = TrainingCase.Options(name);
                (options.Epochs, options.Steps, options.ValidateEverySteps, options.Patience,
                options.CheckpointEverySteps) = (null, 90, 3, 5, 2);
                options.Optimizer.LearningRate = 0.3;
                return options;
            },
            options =>
            {
                using EarlyReadoutTransformer model = TrainingCase.Fit(options);
                Assert.InRange(model.History.Points[^1].Step, 18, 87);
                return ModelBytes.Of(model);
            },
            every);

    [Theory]
    [InlineData("readouts together", 8)]
    [InlineData("automatic feature reweighting", 10)]
    [InlineData("sieve", 6)]
    [InlineData("distillation", 11)]
    public void So_does_one_whose_weights_are_averaged(string name, int every) =>
        StopAndGoOn(
            () =>
            {
                TrainerOptions options = TrainingCase.Options(name);
                (options.AveragingDecay, options.CheckpointEverySteps) = (0.6, 3);
                return options;
            },
            options => TrainingCase.FitToBytes(options),
            every);

    [Theory]
    [InlineData("readouts together", 10)]
    [InlineData("automatic feature reweighting", 12)]
    [InlineData("joint sieve", 10)]
    [InlineData("distillation", 24)]
    public void So_does_one_with_rates_by_stage_a_frozen_one_smoothed_labels_and_gathered_gradients(string name, int every) =>
        StopAndGoOn(
            () =>
            {
                TrainerOptions options = TrainingCase.Options(name);
                (options.Optimizer.FrozenStages, options.Optimizer.StageRateDecay, options.Optimizer.DecayBiasesAndNorms) = (1, 0.7, false);
                if (options is FeatureSieveTrainer.Options sieve) sieve.Readout.Stage = 2;
                (options.LabelSmoothing, options.MicroBatchSize, options.CheckpointEverySteps) = (0.1, 16, 3);
                return options;
            },
            options => TrainingCase.FitToBytes(options),
            every);

    [Theory]
    [MemberData(nameof(Cases))]
    public void So_does_one_that_starts_from_a_model_and_weighs_its_rows(string name)
    {
        TrainerOptions earlier = TrainingCase.Options("readouts together");
        earlier.Epochs = 1;
        using EarlyReadoutTransformer start = TrainingCase.Fit(earlier);
        StopAndGoOn(
            () =>
            {
                TrainerOptions options = TrainingCase.Options(name);
                (options.StartFrom, options.ExampleWeightColumnName) = (start, "Weight");
                return options;
            },
            options =>
            {
                var ml = new MLContext(seed: 1);
                IDataView rows = TrainingCase.Rows(ml);
                rows = ml.Transforms.Conversion.ConvertType("Weight", "Number", DataKind.Single).Fit(rows).Transform(rows);
                using EarlyReadoutTransformer model = options.Estimator(ml).Fit(rows);
                return ModelBytes.Of(model);
            },
            every: 12);
    }

    [Theory]
    [MemberData(nameof(TrainersAndInputs))]
    public void So_does_one_on_any_kind_of_input(ContractTrainer trainer, ContractInput input)
    {
        ContractRow[] rows = ContractRow.Draw(90);
        var context = new MLContext(seed: 1);
        using EarlyReadoutTransformer teacher = ContractTrainer.Readouts.Options(input)
            .Estimator(context)
            .Fit(ContractRow.View(context, rows));
        StopAndGoOn(
            () =>
            {
                TrainerOptions options = trainer.Options(input);
                options.ValidationFraction = 0.2;
                if (input == ContractInput.Pixels) options.AveragingDecay = 0.6; // of batch norm's statistics too
                if (input != ContractInput.Vector)
                {
                    options.Augmentation = Augmentations.All();
                    // it scores what augmentation leaves
                    if (options is DebiasedDistillationTrainer.Options distillation) distillation.Teacher.Model = teacher;
                }

                options.Network.Custom = (shape, classes) => new WatchedNetwork(shape, classes, (_, value) => value.alias());
                return options;
            },
            options =>
            {
                var ml = new MLContext(seed: 1);
                using EarlyReadoutTransformer model = options.Estimator(ml).Fit(ContractRow.View(ml, rows));
                return ModelBytes.Of(model);
            },
            every: 10);
    }

    /// <summary>
    /// Stops a training at every nth batch, whatever that is for: a step, validation, or the training of an earlier network. Starts it
    /// again until it ends.
    /// </summary>
    private void StopAndGoOn(Func<TrainerOptions> create, Func<TrainerOptions, byte[]> fit, int every)
    {
        int batches = 0;
        TrainerOptions uninterrupted = create();
        uninterrupted.CheckpointEverySteps = 0; // it has no folder
        WatchedNetwork.Count(uninterrupted, count => batches = count);
        byte[] expected = fit(uninterrupted);
        Assert.InRange(batches, 15, 1000);

        int parts = 0;
        byte[]? resumed = null;
        while (resumed is null)
        {
            Assert.True(++parts < batches, "It does not get ahead.");
            using var stop = new CancellationTokenSource();
            TrainerOptions options = create();
            (options.CancellationToken, options.CheckpointDirectory) = (stop.Token, _folder);
            WatchedNetwork.Count(options, count =>
            {
                if (count == every) stop.Cancel();
            });
            try
            {
                resumed = fit(options);
            }
            catch (OperationCanceledException)
            {
                // and on
            }

            Assert.Empty(Directory.EnumerateFileSystemEntries(_folder, "*.partial"));
            Assert.InRange(Directory.EnumerateDirectories(_folder, "checkpoint-*").Count(), 0, 2);
        }

        Assert.True(parts > 2, $"It was stopped {parts - 1} times.");
        Assert.Equal(expected, resumed);
    }
}
