using System.Reflection;
using Microsoft.ML;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.FeatureSieve;
using Microsoft.ML.SearchSpace;

namespace MLSieve.Tests;

/// <summary>What a sweep over the annotated options may rely on.</summary>
public sealed class SearchSpaceTests
{
    private const int Classes = 3;
    private const int Side = 8;
    private const int RandomPoints = 200;
    private static readonly FeatureShape[] Shapes = [FeatureShape.Vector(5), FeatureShape.Image(3, Side, Side)];

    public static TheoryData<Type> OptionTypes =>
        [typeof(FeatureSieveTrainer.Options), typeof(EarlyReadoutEstimator.Options), typeof(DebiasedDistillationTrainer.Options)];

    /// <summary>What the methods' authors released (docs/from-paper-to-code.md), the sets that they searched included, and what the studies
    /// found best (docs/results.md).</summary>
    private static readonly Dictionary<string, double[]> Known = new()
    {
        ["Optimizer.LearningRate"] = [1e-3, 5e-4, 0.05, 0.5],
        ["Optimizer.WeightDecay"] = [1e-4, 1e-2, 1e-1],
        ["Readout.Stage"] = [1, 2, 3, 4],
        ["Readout.Depth"] = [0, 1, 2, 3, 4, 5, 6],
        ["ForgetEvery"] = [0, 1, 5, 15],
        ["ForgetLearningRate"] = [1e-2, 3e-4, 0.02, 0.06, 0.15, 0.5, 1.5],
        ["ReadoutLearningRate"] = [1e-2, 5e-4, 1e-3],
        ["ReadoutWeightDecay"] = [1e-4],
        ["Lambda"] = [0.5, 0.9, 1],
        ["Temperature"] = [3],
        ["Alpha"] = [0.05, 0.1, 0.2, 0.5, 1, 2],
        ["Beta"] = [4, 3.5, 3, 2],
        ["Objective.GroupDro.StepSize"] = [0.01],
        ["Objective.JustTrainTwice.IdentificationEpochs"] = [1, 60],
        ["Objective.JustTrainTwice.UpWeight"] = [100, 50, 20, 6, 5, 2],
    };

    public static MatrixTheoryData<Type, bool> Trainings => new([.. OptionTypes.Select(row => row.Data)], [false, true]);

    [Theory]
    [InlineData(
        typeof(FeatureSieveTrainer.Options), "ForgetEvery", "ForgetLearningRate", "ReadoutLearningRate", "Readout.Stage", "Readout.Depth")]
    [InlineData(
        typeof(EarlyReadoutEstimator.Options), "ReadoutLearningRate", "Objective.GroupDro.StepSize", "Objective.JustTrainTwice.UpWeight")]
    [InlineData(
        typeof(DebiasedDistillationTrainer.Options), "Lambda", "Temperature", "Alpha", "Beta", "ReadoutLearningRate", "Readout.Stage",
        "Readout.Depth")]
    public void A_sweep_varies_what_matters(Type options, params string[] names) =>
        Assert.Subset(
            AnnotatedSpace.Axes(options).Select(axis => axis.Path).ToHashSet(), names.Append("Optimizer.LearningRate").ToHashSet());

    [Theory]
    [MemberData(nameof(OptionTypes))]
    public void Every_point_is_valid_and_fits_the_default_networks_for_vectors_and_images(Type options)
    {
        IReadOnlyList<AnnotatedSpace.Axis> axes = AnnotatedSpace.Axes(options);
        StagedNetwork[] networks = [.. Shapes.Select(shape => NetworkFactory.Create(
            new NetworkOptions(), shape, shape is ImageShape ? PixelRange.Bytes : null, Classes, 1, _ => { }))];
        foreach (double[] point in Points(axes))
        {
            var sampled = (TrainerOptions)AnnotatedSpace.Sample(options, axes, point);
            Fixed(options).Trial(new MLContext(), sampled); // validates them
            foreach (StagedNetwork network in networks)
            {
                TrainerOptions trial = TrialOptions.Of(Fixed(options), sampled);
                trial.SetAutomatic(new TrainingFacts(network, false, 100));
                foreach (ReadoutOptions readout in ReadoutsOf(trial)) StageTap.Check(network, readout.Stage);
            }
        }

        foreach (StagedNetwork network in networks) network.Dispose();
    }

    [Theory]
    [MemberData(nameof(Trainings))]
    public void Points_train_on_vectors_and_on_images(Type options, bool images)
    {
        IReadOnlyList<AnnotatedSpace.Axis> axes = AnnotatedSpace.Axes(options);
        var ml = new MLContext(seed: 1);
        var random = new Random(3);
        double[][] points = [[.. axes.Select(_ => 0.0)], [.. axes.Select(_ => 1.0)], [.. axes.Select(_ => random.NextDouble())]];
        foreach (double[] point in points)
        {
            var sampled = (TrainerOptions)AnnotatedSpace.Sample(options, axes, point);
            TrainerOptions given = Fixed(options);
            given.FeatureColumnName = images ? "Large" : "Vector";
            given.Epochs = 2;
            IDataView rows = ContractRow.View(ml, ContractRow.Draw(24));
            using EarlyReadoutTransformer model = given.Trial(ml, sampled)
                .Fit(ml.Transforms.ResizeImages("Large", Side, Side, "Images").Fit(rows).Transform(rows));
            Assert.Equal(2, model.History.Points.Count);
        }
    }

    [Theory]
    [MemberData(nameof(OptionTypes))]
    public void Every_value_of_a_whole_number_is_drawn_as_often_as_any_other(Type options)
    {
        foreach (AnnotatedSpace.Axis axis in AnnotatedSpace.Axes(options).Where(axis => axis.Type == typeof(int)))
        {
            // A range of whole numbers is floored: its last one is drawn at the very end alone, which is never.
            int count = Assert.NotNull(axis.Count);
            Assert.Equal(
                Enumerable.Repeat(100, count),
                Enumerable.Range(0, 100 * count).GroupBy(i => axis.At((i + 0.5) / (100 * count))).Select(same => same.Count()));
        }
    }

    [Theory]
    [MemberData(nameof(OptionTypes))]
    public void A_sweep_starts_at_the_defaults_of_the_options(Type options)
    {
        object defaults = Activator.CreateInstance(options)!;
        foreach (AnnotatedSpace.Axis axis in AnnotatedSpace.Axes(options))
        {
            object? value = ValueOf(defaults, axis.Path), start = axis.Attribute switch
            {
                RangeAttribute range => range.Init,
                ChoiceAttribute choice => choice.DefaultValue,
                BooleanChoiceAttribute choice => choice.DefaultValue,
                _ => null,
            };
            Assert.NotNull(start);
            if (value is not null) Assert.Equal(value, start); // null: chosen when the training starts
        }
    }

    [Theory]
    [MemberData(nameof(OptionTypes))]
    public void What_is_automatic_default_released_or_known_to_be_good_lies_in_the_space(Type options)
    {
        IReadOnlyList<AnnotatedSpace.Axis> axes = AnnotatedSpace.Axes(options);
        object[] settled = [.. Settled(options)];
        foreach (AnnotatedSpace.Axis axis in axes)
        {
            object?[] defaults = [ValueOf(Fixed(options), axis.Path)];
            object?[] values = [.. defaults, .. settled.Select(each => ValueOf(each, axis.Path)), .. Known[axis.Path]];
            foreach (double value in values.Where(value => value is not null).Select(value => Convert.ToDouble(value, null)).Distinct())
            {
                bool within = axis.Attribute switch
                {
                    RangeAttribute range => value >= Convert.ToDouble(range.Min, null) && value <= Convert.ToDouble(range.Max, null),
                    ChoiceAttribute choice => choice.Candidates.Any(candidate => Convert.ToDouble(candidate, null) == value),
                    _ => false,
                };
                Assert.True(within, $"{axis.Path}: {value} is outside of what is annotated.");
            }
        }

        // Of few rows and of many, in fresh and in pretrained networks, by either rule.
        static IEnumerable<object> Settled(Type options) =>
            from kind in AutomaticSettingsTests.Kinds()
            from rows in (int[])[100, 100_000]
            from rule in Enum.GetValues<OptimizerKind>()
            select Settle(kind.Network, kind.Shape, kind.Pretrained, rows, Ruled(options, rule));

        static TrainerOptions Ruled(Type options, OptimizerKind rule)
        {
            TrainerOptions given = Fixed(options);
            given.Optimizer.Kind = rule;
            return given;
        }

        static TrainerOptions Settle(NetworkOptions network, FeatureShape shape, bool pretrained, int rows, TrainerOptions given)
        {
            AutomaticSettingsTests.Settle(given, network, shape, pretrained, rows);
            return given;
        }
    }

    private static TrainerOptions Fixed(Type options) => (TrainerOptions)Activator.CreateInstance(options)!;

    /// <summary>Every value of every axis, the others at random; the corners; and points at random.</summary>
    private static IEnumerable<double[]> Points(IReadOnlyList<AnnotatedSpace.Axis> axes)
    {
        var random = new Random(1);
        foreach ((int axis, AnnotatedSpace.Axis each) in axes.Index())
        {
            int places = each.Count ?? 11;
            for (int i = 0; i < places; i++)
            {
                double[] point = Anywhere();
                point[axis] = each.Count is null ? i / (places - 1.0) : (i + 0.5) / places;
                yield return point;
            }
        }
        for (int corner = 0; corner < 1 << axes.Count; corner++) yield return [.. axes.Select((_, axis) => (double)(corner >> axis & 1))];
        for (int i = 0; i < RandomPoints; i++) yield return Anywhere();

        double[] Anywhere() => [.. axes.Select(_ => random.NextDouble())];
    }

    private static IEnumerable<ReadoutOptions> ReadoutsOf(TrainerOptions options) => options is EarlyReadoutEstimator.Options readouts
        ? readouts.Taps.Select(tap => tap.Readout)
        : options.GetType()
            .GetProperties()
            .Where(property => property.PropertyType == typeof(ReadoutOptions))
            .Select(property => (ReadoutOptions)property.GetValue(options)!);

    private static object? ValueOf(object options, string path) =>
        path.Split('.').Aggregate(
            (object?)options,
            (owner, name) => owner!.GetType().GetProperty(name, BindingFlags.Public | BindingFlags.Instance)!.GetValue(owner));
}
