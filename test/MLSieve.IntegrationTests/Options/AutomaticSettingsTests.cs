using System.Reflection;
using Microsoft.ML;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.FeatureSieve;
using Microsoft.ML.Runtime;

namespace MLSieve.Tests;

/// <summary>Options that are left automatic: settled once, said, and kept.</summary>
public sealed class AutomaticSettingsTests
{
    // Numbers whose null means something else than automatic, or that are settled elsewhere.
    private static readonly string[] Optional =
    [
        "Seed", "MemoryBudgetMebibytes", "WeightCap", "Steps", "ValidateEverySteps", "Patience", "MicroBatchSize", "FeedForwardWidth",
        "Heads", "ReadoutEpochs",
    ];

    public static TheoryData<string> Trainers => ["FeatureSieveTrainer", "EarlyReadoutEstimator", "DebiasedDistillationTrainer"];

    [Theory]
    [MemberData(nameof(Trainers))]
    public void What_is_automatic_is_settled_said_in_the_log_and_kept_in_the_history(string trainer)
    {
        var ml = new MLContext(seed: 1);
        List<string> messages = [];
        ml.Log += (_, message) => { if (message.Kind == ChannelMessageKind.Info) messages.Add(message.RawMessage); };
        using EarlyReadoutTransformer model = Create(trainer).Estimator(ml).Fit(BiasedRow.View(ml, 200));

        IReadOnlyDictionary<string, string> settings = model.History.Settings;
        // 7 steps an epoch: 30 epochs are the most
        Assert.Equal(("0.02", "30", "\"Cosine\""), (settings["Optimizer.LearningRate"], settings["Epochs"], settings["Schedule.Kind"]));
        Assert.Equal(30, model.History.Points.Count);
        Assert.Equal("0.02", settings["ReadoutLearningRate"]);
        string said = Assert.Single(
            messages,
            message => message.StartsWith("Automatic settings for Mlp from fresh weights, 200 training rows: ", StringComparison.Ordinal));
        Assert.Contains("Optimizer.LearningRate 0.02", said, StringComparison.Ordinal);
        Assert.DoesNotContain("BatchSize", said, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Trainers))]
    public void Nothing_stays_automatic(string trainer)
    {
        foreach ((NetworkOptions network, FeatureShape shape, bool pretrained) in Kinds())
        {
            TrainerOptions options = Create(trainer);
            Assert.Contains("Epochs", OpenNumbers(options, ""));
            Settle(options, network, shape, pretrained);
            Assert.Empty(OpenNumbers(options, ""));
            Assert.NotEqual(ScheduleKind.Automatic, options.Schedule.Kind);
            Assert.NotEqual(OptimizerKind.Automatic, options.Optimizer.Kind);
            options.Estimator(new MLContext()); // and all is valid
        }
    }

    [Theory]
    [InlineData(ReadoutTiming.Together, TrainedPart.All, null)]
    [InlineData(ReadoutTiming.Together, TrainedPart.Head, null)]
    [InlineData(ReadoutTiming.Afterwards, TrainedPart.All, 32)] // 32 times 16 steps are the first 500
    [InlineData(ReadoutTiming.Together, TrainedPart.None, 32)]
    public void The_epochs_of_readouts_are_settled_where_they_have_their_own(ReadoutTiming timing, TrainedPart part, int? epochs)
    {
        var options = new EarlyReadoutEstimator.Options { ReadoutTiming = timing, TrainedPart = part };
        Settle(options, new NetworkOptions(), FeatureShape.Vector(5), pretrained: false, rows: 500);
        Assert.Equal(epochs, options.ReadoutEpochs);
    }

    [Theory]
    [MemberData(nameof(Trainers))]
    public void What_is_given_stays_and_the_methods_rates_follow_the_main_one(string trainer)
    {
        TrainerOptions options = Create(trainer);
        (options.Epochs, options.Optimizer.LearningRate, options.Schedule.Kind) = (3, 0.005, ScheduleKind.Step);
        Settle(options, new NetworkOptions { Kind = NetworkKind.Mlp }, FeatureShape.Vector(5), pretrained: false);
        IReadOnlyDictionary<string, string> settings = OptionValues.Of(options);
        Assert.Equal(
            ("3", "0.005", "\"Step\"", "0.005"),
            (settings["Epochs"], settings["Optimizer.LearningRate"], settings["Schedule.Kind"], settings["ReadoutLearningRate"]));

        options = Create(trainer);
        options.Optimizer.Kind = OptimizerKind.AdamW;
        Settle(options, new NetworkOptions { Kind = NetworkKind.Mlp }, FeatureShape.Vector(5), pretrained: false);
        settings = OptionValues.Of(options);
        // readouts descend, whatever the main rule is
        Assert.Equal(("0.001", "0.02"), (settings["Optimizer.LearningRate"], settings["ReadoutLearningRate"]));
    }

    [Fact]
    public void Pretrained_weights_are_trained_by_the_released_values()
    {
        var readouts = new EarlyReadoutEstimator.Options();
        var distillation = new DebiasedDistillationTrainer.Options();
        foreach (TrainerOptions options in new TrainerOptions[] { readouts, distillation })
        {
            Settle(options, new NetworkOptions { Kind = NetworkKind.ResNet18 }, FeatureShape.Image(3, 64, 64), pretrained: true);
            Assert.Equal((1e-3, ScheduleKind.Constant), (options.Optimizer.LearningRate!.Value, options.Schedule.Kind));
        }

        Assert.Equal(50, readouts.Objective.JustTrainTwice.UpWeight);
        Assert.Equal((4.0, 1, 128), (distillation.Beta!.Value, distillation.Readout.Depth!.Value, distillation.Readout.Width!.Value));
    }

    [Theory]
    [InlineData(false, 5e-4, 10_000, 10, 313)]
    [InlineData(false, 5e-4, 500, 30, 48)]
    [InlineData(true, 5e-5, 100_000, 3, 937)]
    [InlineData(true, 5e-5, 500, 15, 24)]
    public void Texts_are_trained_by_AdamW_with_warm_up_a_linear_decline_and_clipping(
        bool pretrained, double rate, int rows, int epochs, int warmUp)
    {
        foreach (string trainer in Trainers.Select(row => row.Data))
        {
            TrainerOptions options = Create(trainer);
            Settle(options, new NetworkOptions(), FeatureShape.Tokens(16, 50, 3), pretrained, rows);
            Assert.Equal((OptimizerKind.AdamW, rate, 1.0),
                (options.Optimizer.Kind, options.Optimizer.LearningRate!.Value, options.Optimizer.ClipNorm!.Value));
            Assert.Equal((ScheduleKind.Linear, epochs), (options.Schedule.Kind, options.Epochs!.Value));
            Assert.Equal(warmUp, options.Schedule.WarmUpSteps!.Value); // a tenth of the steps
        }
    }

    [Theory]
    [InlineData(20, 30)]
    [InlineData(1000, 30)]
    [InlineData(2000, 16)]
    [InlineData(3200, 10)]
    [InlineData(100_000, 10)]
    public void Few_rows_are_passed_over_more_often(int rows, int epochs)
    {
        var options = new FeatureSieveTrainer.Options();
        Settle(options, new NetworkOptions { Kind = NetworkKind.Mlp }, FeatureShape.Vector(5), pretrained: false, rows);
        Assert.Equal(epochs, options.Epochs);
    }

    [Fact]
    public void On_images_the_rates_depend_on_batch_norm()
    {
        FeatureSieveTrainer.Options normalised = new(), bare = new();
        Settle(normalised, new NetworkOptions(), FeatureShape.Image(3, 8, 8), pretrained: false);
        Settle(bare, new NetworkOptions { Kind = NetworkKind.SqueezeNet11 }, FeatureShape.Image(3, 32, 32), pretrained: false);
        Assert.Equal((0.05, 0.5), (normalised.Optimizer.LearningRate!.Value, normalised.ForgetLearningRate!.Value));
        Assert.Equal(0.05, normalised.ReadoutLearningRate!.Value);
        Assert.Equal(
            (0.01, 0.01, 0.01), (bare.Optimizer.LearningRate!.Value, bare.ReadoutLearningRate!.Value, bare.ForgetLearningRate!.Value));
    }

    [Fact]
    public void A_readout_is_as_wide_as_its_stage()
    {
        var options = new FeatureSieveTrainer.Options { Readout = { Stage = 2, Depth = 1 } };
        Settle(options, new NetworkOptions { Channels = [8, 12] }, FeatureShape.Image(3, 8, 8), pretrained: false);
        Assert.Equal(12, options.Readout.Width);
    }

    [Fact]
    public void A_checkpoint_of_automatic_settings_is_one_of_the_same_settings_given()
    {
        string folder = Directory.CreateTempSubdirectory("mlsieve-automatic-").FullName;
        try
        {
            byte[] automatic = ModelBytes.Of(Fit(_ => { }));
            byte[] given = ModelBytes.Of(Fit(options => (options.Epochs, options.Optimizer.LearningRate) = (30, 0.02)));
            Assert.Equal(automatic, given); // the finished fit's own model, at once
            var mismatch = Assert.Throws<CheckpointMismatchException>(() => Fit(options => options.Epochs = 29));
            Assert.Contains("Epochs was 30 and is 29", mismatch.Message, StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        EarlyReadoutTransformer Fit(Action<FeatureSieveTrainer.Options> set)
        {
            var ml = new MLContext(seed: 1);
            var options = new FeatureSieveTrainer.Options { CheckpointDirectory = folder };
            set(options);
            return ml.MulticlassClassification.Trainers.FeatureSieve(options).Fit(BiasedRow.View(ml, 100));
        }
    }

    /// <summary>The numbers that are still null; a readout without blocks needs no width.</summary>
    private static IEnumerable<string> OpenNumbers(object options, string prefix) =>
        from property in options.GetType().GetProperties(BindingFlags.Public | BindingFlags.Instance)
        let value = property.GetValue(options)
        from open in value switch
        {
            EarlyReadoutEstimator.Tap[] taps =>
                taps.SelectMany((tap, i) => OpenNumbers(tap, FormattableString.Invariant($"{prefix}Taps[{i}]."))),
            null => Nullable.GetUnderlyingType(property.PropertyType) is { } type && (type == typeof(int) || type == typeof(double))
                && !Optional.Contains(property.Name)
                && !(property.Name == "Width" && options.GetType().GetProperty("Depth")?.GetValue(options) is 0)
                ? [prefix + property.Name]
                : [],
            _ => property.PropertyType.Namespace?.StartsWith("Microsoft.ML.", StringComparison.Ordinal) == true
                && property.PropertyType.IsClass
                ? OpenNumbers(value, $"{prefix}{property.Name}.") : [],
        }
        select open;

    private static TrainerOptions Create(string trainer) => trainer switch
    {
        "FeatureSieveTrainer" => new FeatureSieveTrainer.Options(),
        "EarlyReadoutEstimator" => new EarlyReadoutEstimator.Options(),
        _ => new DebiasedDistillationTrainer.Options { Teacher = { ScoreKind = TeacherScoreKind.Logits } },
    };

    internal static IEnumerable<(NetworkOptions Network, FeatureShape Shape, bool Pretrained)> Kinds()
    {
        yield return (new NetworkOptions(), FeatureShape.Vector(5), false);
        yield return (new NetworkOptions(), FeatureShape.Image(3, 8, 8), false);
        yield return (new NetworkOptions { Kind = NetworkKind.SqueezeNet11 }, FeatureShape.Image(3, 32, 32), false);
        yield return (new NetworkOptions { Kind = NetworkKind.ResNet18 }, FeatureShape.Image(3, 32, 32), true);
        yield return (new NetworkOptions(), FeatureShape.Tokens(16, 50, 3), false);
        yield return (new NetworkOptions(), FeatureShape.Tokens(16, 50, 3), true);
    }

    internal static void Settle(TrainerOptions options, NetworkOptions network, FeatureShape shape, bool pretrained, int rows = 500)
    {
        using StagedNetwork built = NetworkFactory.Create(network, shape, shape is ImageShape ? PixelRange.Bytes : null, 2, 1, _ => { });
        options.SetAutomatic(new TrainingFacts(built, pretrained, rows));
    }
}
