using System.Reflection;
using System.Text.Json;
using Microsoft.ML;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.FeatureSieve;
using Microsoft.ML.SearchSpace;

namespace MLSieve.Tests;

public sealed class FeatureSieveOptionsTests
{
    [Fact]
    public void Pretrained_weights_are_trained_by_the_values_of_the_released_code()
    {
        var options = new FeatureSieveTrainer.Options();
        using StagedNetwork network = NetworkFactory.Create(
            new NetworkOptions { Kind = NetworkKind.ResNet18 }, FeatureShape.Image(3, 64, 64), PixelRange.Bytes, 2, 1, _ => { });
        options.SetAutomatic(new TrainingFacts(network, Pretrained: true, Rows: 4795));
        Assert.Equal((1, 2, 256), (options.Readout.Stage, options.Readout.Depth!.Value, options.Readout.Width!.Value));
        Assert.Equal(5, options.ForgetEvery);
        Assert.Equal((1e-3, 1e-4, 0.9), (options.Optimizer.LearningRate, options.Optimizer.WeightDecay, options.Optimizer.Momentum));
        Assert.Equal((1e-2, 1e-4, 1e-2), (options.ReadoutLearningRate, options.ReadoutWeightDecay, options.ForgetLearningRate));
        Assert.Equal(
            (32, ScheduleKind.Constant, 0.0, false, 0),
            (options.BatchSize, options.Schedule.Kind, options.Optimizer.ClipNorm, options.Augmentation.HorizontalFlip,
            options.Augmentation.CropPadding));
        Assert.Equal((BatchNormStatistics.Automatic, false), (options.BatchNorm, options.ForgettingMovesStatistics));
    }

    [Fact]
    public void All_faults_are_reported_in_one_exception()
    {
        var options = new FeatureSieveTrainer.Options
        {
            LabelColumnName = "",
            Epochs = 0,
            ValidationFraction = 1,
            Selection = SelectionMetric.WorstGroupAccuracy,
            Optimizer = { LearningRate = double.NaN, Momentum = 1 },
            Readout = { Stage = 0, Width = 0 },
            ForgetEvery = -1,
            ForgetLearningRate = 0,
        };
        var error = Assert.Throws<ArgumentException>(() => new MLContext().MulticlassClassification.Trainers.FeatureSieve(options));
        Assert.Equal(
            """
            FeatureSieveTrainer.Options has 10 faults:
            - LabelColumnName is empty; it must name a column.
            - Epochs is 0; it must be at least 1.
            - ValidationFraction is 1; it must be at least 0 and less than 1.
            - Selection is WorstGroupAccuracy, which needs GroupColumnName.
            - Optimizer.LearningRate is NaN; it must be greater than 0.
            - Optimizer.Momentum is 1; it must be at least 0 and less than 1.
            - Readout.Stage is 0; it must be at least 1.
            - Readout.Width is 0; it must be at least 1.
            - ForgetEvery is -1; it must be at least 0.
            - ForgetLearningRate is 0; it must be greater than 0.
            """,
            error.Message,
            ignoreLineEndingDifferences: true);
    }

    [Fact]
    public void A_joint_update_has_no_forward_of_its_own_that_could_move_statistics()
    {
        var options = new FeatureSieveTrainer.Options { Update = SieveUpdate.Joint, ForgettingMovesStatistics = true };
        var error = Assert.Throws<ArgumentException>(() => new MLContext().MulticlassClassification.Trainers.FeatureSieve(options));
        Assert.Contains("ForgettingMovesStatistics is true, which needs Update to be Alternating", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(OptimizerKind.Sgd, true, 1)]
    [InlineData(OptimizerKind.AdamW, true, 1)]
    [InlineData(OptimizerKind.Sgd, false, 0.1)]
    public void Left_automatic_a_joint_update_weighs_forgetting_as_the_rates_of_the_alternating_one_do(
        OptimizerKind kind, bool pretrained, double weight)
    {
        var options = new FeatureSieveTrainer.Options { Update = SieveUpdate.Joint, Optimizer = { Kind = kind } };
        FeatureShape shape = pretrained ? FeatureShape.Image(3, 64, 64) : FeatureShape.Vector(8);
        var network = new NetworkOptions { Kind = pretrained ? NetworkKind.ResNet18 : NetworkKind.Mlp };
        using StagedNetwork created = NetworkFactory.Create(network, shape, pretrained ? PixelRange.Bytes : null, 2, 1, _ => { });
        options.SetAutomatic(new TrainingFacts(created, pretrained, Rows: 4795));
        Assert.Equal(weight, options.ForgetWeight!.Value, 12);
    }

    [Fact]
    public void Options_survive_a_round_trip_through_json()
    {
        var options = new FeatureSieveTrainer.Options
        {
            GroupColumnName = "Place",
            Seed = 7,
            ForgetEvery = 15,
            Network = { Kind = NetworkKind.ConvNet, Channels = [8, 16], Input = { Mean = [1, 2, 3], ChannelOrder = ChannelOrder.Bgr } },
            Optimizer = { Kind = OptimizerKind.AdamW, LearningRate = 0.02 },
            Readout = { Stage = 2, Depth = 0 },
            Update = SieveUpdate.Joint,
            BatchNorm = BatchNormStatistics.Frozen,
        };
        string json = JsonSerializer.Serialize(options);
        Assert.Equal(json, JsonSerializer.Serialize(JsonSerializer.Deserialize<FeatureSieveTrainer.Options>(json)));
        Assert.Contains("\"ForgetEvery\":15", json, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_option_that_json_cannot_hold_is_marked_so()
    {
        // AutoML rebuilds options from JSON: a member of any other type would silently lose its value there.
        foreach (PropertyInfo property in Nested(typeof(FeatureSieveTrainer.Options))
            .SelectMany(type => type.GetProperties(BindingFlags.Public | BindingFlags.Instance)))
        {
            if (property.GetCustomAttribute<System.Text.Json.Serialization.JsonIgnoreAttribute>() is not null) continue;
            Type type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
            type = type.IsArray ? type.GetElementType()! : type;
            Type[] plain = [typeof(int), typeof(long), typeof(float), typeof(double), typeof(bool), typeof(string)];
            Assert.True(
                plain.Contains(type) || type.IsEnum || type.Namespace!.StartsWith("Microsoft.ML", StringComparison.Ordinal),
                $"{property.DeclaringType!.Name}.{property.Name}");
            Assert.True(property.CanRead && property.CanWrite, property.Name);
        }
    }

    [Theory]
    [InlineData(typeof(OptimizerOptions), nameof(OptimizerOptions.LearningRate), 1e-4, 1e-1)]
    [InlineData(typeof(OptimizerOptions), nameof(OptimizerOptions.WeightDecay), 1e-6, 1e-3)]
    [InlineData(typeof(FeatureSieveTrainer.Options), nameof(FeatureSieveTrainer.Options.ForgetLearningRate), 1e-4, 1e-1)]
    [InlineData(typeof(FeatureSieveTrainer.Options), nameof(FeatureSieveTrainer.Options.ReadoutLearningRate), 1e-4, 1e-1)]
    public void A_sweep_draws_rates_from_ranges_that_hold_the_released_ones(Type owner, string name, double minimum, double maximum)
    {
        RangeAttribute range = owner.GetProperty(name)!.GetCustomAttribute<RangeAttribute>()!;
        Assert.InRange((double)range.Min, 0, minimum);
        Assert.InRange((double)range.Max, maximum, double.MaxValue);
        Assert.True(range.LogBase);
    }

    [Fact]
    public void No_forgetting_is_part_of_the_search_space() =>
        Assert.Contains(0, typeof(FeatureSieveTrainer.Options).GetProperty(nameof(FeatureSieveTrainer.Options.ForgetEvery))!
            .GetCustomAttribute<ChoiceAttribute>()!.Candidates);

    [Fact]
    public void Changing_the_options_after_the_trainer_is_made_changes_nothing()
    {
        var options = new FeatureSieveTrainer.Options { FeatureColumnName = "Missing" };
        var trainer = new MLContext().MulticlassClassification.Trainers.FeatureSieve(options);
        options.FeatureColumnName = "Other";
        IDataView empty = new MLContext().Data.LoadFromEnumerable(new[] { new { Text = "x" } });
        Assert.Contains("Missing", Assert.ThrowsAny<Exception>(() => trainer.Fit(empty)).Message, StringComparison.Ordinal);
    }

    private static IEnumerable<Type> Nested(Type type) => type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
        .Where(property => property.PropertyType.IsClass && property.PropertyType.Namespace == "Microsoft.ML.EarlyReadout"
            && property.PropertyType != typeof(InputOptions) && property.PropertyType != type)
        .Select(property => property.PropertyType)
        .SelectMany(Nested).Append(type);
}
