using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.OnnxRuntime;
using static TorchSharp.torch;

namespace MLSieve.Tests;

public sealed class ValueRangeTests
{
    private const int Side = 8;
    private readonly MLContext _ml = new(seed: 1);

    public static TheoryData<string, ValueRange, bool, float, float> Sets => new()
    {
        { "0 or 1", ValueRange.ZeroToOne, true, 0, 1 },
        { "0 to 1", ValueRange.ZeroToOne, false, 0, 1 },
        { "0 to 1, overshot", ValueRange.ZeroToOne, false, 0, 1 },
        { "0 to 255", ValueRange.ZeroTo255, true, 0, 255 },
        { "0 to 255, one fraction", ValueRange.ZeroTo255, false, 0, 255 },
        { "all black", ValueRange.ZeroTo255, true, 0, 255 },
        { "-1 to 1", ValueRange.AsIs, false, -1, 1 },
        { "-123 to 132", ValueRange.AsIs, false, -123, 132 },
    };

    [Theory]
    [MemberData(nameof(Sets))]
    public void The_smallest_and_the_largest_number_decide_and_storage_does_not(string set, ValueRange expected, bool holdsBytes,
        float black, float white)
    {
        List<string> log = [];
        using TrainingSet read = Rows.Read(View(Numbers(set)), log: log);
        Assert.Equal(new PixelRange(expected, black, white), read.Pixels);
        Assert.Equal(holdsBytes ? ScalarType.Byte : ScalarType.Float32, read.StoredType);
        Assert.Contains($"Network.Input.ValueRange is {expected}, chosen automatically", Assert.Single(log, line =>
            line.StartsWith("Column 'Features' holds numbers from", StringComparison.Ordinal)), StringComparison.Ordinal);
        Assert.Equal(set == "-123 to 132", log.Any(line => line.StartsWith("Warning: Numbers as large as 132", StringComparison.Ordinal)));
    }

    [Theory]
    [InlineData("0 or 1", ValueRange.ZeroTo255, "-1 to -0.992")]
    [InlineData("0 to 255", ValueRange.AsIs, "they are")]
    [InlineData("0 or 1", ValueRange.ZeroToOne, "-1 to 1")]
    public void The_option_wins(string set, ValueRange asked, string entering)
    {
        List<string> log = [];
        using TrainingSet read = Rows.Read(View(Numbers(set)), input: new InputOptions { ValueRange = asked }, log: log);
        Assert.Equal(asked, read.Pixels!.Kind);
        Assert.Contains(log, line =>
            line.Contains($"Network.Input.ValueRange is {asked}. They enter the network as {entering}.", StringComparison.Ordinal));
    }

    [Fact]
    public void An_option_that_the_numbers_contradict_is_an_error() => Assert.Equal(
        "Network.Input.ValueRange is ZeroToOne, but the training rows of column 'Features' have numbers from 0 to 255.",
        Assert.Throws<ArgumentException>(() => Rows.Read(View(Numbers("0 to 255")),
            input: new InputOptions { ValueRange = ValueRange.ZeroToOne })).Message);

    [Fact]
    public void A_mean_in_other_units_is_warned_of()
    {
        List<string> log = [];
        InputOptions imageNet = InputOptions.ImageNet;
        Rows.Read(View(Numbers("0 to 1")), input: imageNet, log: log).Dispose();
        Assert.Contains(log, line => line.StartsWith("Warning: Network.Input.Mean goes up to 123.7, but black is 0 and white 1",
            StringComparison.Ordinal));
        log.Clear();
        Rows.Read(View(Numbers("0 to 255")), input: imageNet, log: log).Dispose();
        Assert.DoesNotContain(log, line => line.StartsWith("Warning", StringComparison.Ordinal));
    }

    [Fact]
    public void A_vector_has_no_range()
    {
        using TrainingSet read = Rows.Read(Rows.View(2, ([0, 1], "a", ""), ([1, 0], "b", "")));
        Assert.Null(read.Pixels);
    }

    [Fact]
    public void Images_are_0_to_255_however_dark()
    {
        using var folder = new ImageFolder(0);
        for (int i = 0; i < 4; i++) folder.Add($"{i}.png", [.. Enumerable.Range(0, 4 * ImageFolder.Height * ImageFolder.Width).Select(p =>
            (byte)(p % 4 == 3 ? 255 : (p + i) % 2))], i % 2);
        List<string> log = [];
        using TrainingSet read = Rows.Read(folder.Sized(), new TrainingColumns("Image", "Label"), log: log);
        Assert.Equal(PixelRange.Bytes, read.Pixels);
        Assert.Contains("Column 'Image' holds images: Network.Input.ValueRange is ZeroTo255, chosen automatically. "
            + "They enter the network as -1 to 1.", log);
        Assert.DoesNotContain(log, line => line.StartsWith("Warning", StringComparison.Ordinal));
    }

    [Fact]
    public void Numbers_that_end_far_below_255_are_warned_of_unless_an_option_says_what_they_are()
    {
        float[][] digits = [[.. Enumerable.Range(0, Side * Side).Select(i => i % 17f)], new float[Side * Side]];
        List<string> log = [];
        using TrainingSet read = Rows.Read(View(digits), log: log);
        Assert.Equal(PixelRange.Bytes, read.Pixels);
        Assert.Equal(
            [
                "Column 'Features' holds numbers from 0 to 16: Network.Input.ValueRange is ZeroTo255, chosen automatically. They enter the "
                    + "network as -1 to -0.875.",
                "Warning: Column 'Features' holds numbers up to 16, which fill 6.3 % of 0 to 255: set Network.Input.Mean and Scale, or "
                    + "scale the column. If they are dark pixels, set Network.Input.ValueRange to ZeroTo255.",
            ],
            log);
        log.Clear();
        Rows.Read(View(digits), input: new InputOptions { ValueRange = ValueRange.ZeroTo255 }, log: log).Dispose();
        Rows.Read(View(digits), input: new InputOptions { Mean = [8], Scale = [1 / 8f] }, log: log).Dispose();
        Rows.Read(View([digits[0], [.. digits[1].Select(_ => 64f)]]), log: log).Dispose();
        Assert.DoesNotContain(log, line => line.StartsWith("Warning", StringComparison.Ordinal));
    }

    [Fact]
    public void A_validation_set_is_read_in_the_range_of_the_training_rows()
    {
        using TrainingSet training = Rows.Read(View(Numbers("0 to 255")));
        List<string> log = [];
        using TrainingSet dark = Rows.Read(View(Numbers("0 or 1")), Rows.Held, like: training, log: log);
        Assert.Same(training.Pixels, dark.Pixels);
        Assert.Contains(
            "Warning: The feature column 'Features' of the validation rows (ValidationSet) has numbers from 0 to 1, the training rows have "
                + "pixels of the range ZeroTo255: if the former are pixels from 0 to 1, make both by the same transforms.", log);
        using TrainingSet unit = Rows.Read(View(Numbers("0 or 1")));
        Assert.Equal(
            "The feature column 'Features' of the validation rows (ValidationSet) has numbers from 0 to 255; in the training rows the "
                + "range is ZeroToOne. Make both by the same transforms.",
            Assert.Throws<ArgumentException>(() => Rows.Read(View(Numbers("0 to 255")), Rows.Held, like: unit)).Message);
    }

    [Fact]
    public void A_crop_is_padded_with_black()
    {
        using TrainingSet read = Rows.Read(View(Numbers("-1 to 1")));
        using var padded = new Augmentation(new AugmentationOptions { CropPadding = 7 }, read.Shape,
            read.Pixels).Apply(TorchSharp.torch.ones(1, 1, Side, Side), 3);
        Assert.Equal([-1f, 1f], padded.data<float>().ToArray().Distinct().Order());
    }

    /// <summary>The defect that this is for: as 0 and 1 of 255 the same pictures trained at chance.</summary>
    [Theory]
    [InlineData(1f)]
    [InlineData(255f)]
    [InlineData(0.5f)]
    public void The_same_pictures_train_alike_in_any_range(float white)
    {
        IDataView train = Bars(white, 120, seed: 1), test = Bars(white, 60, seed: 2);
        using EarlyReadoutTransformer model = Fit(train, Bars(white, 30, seed: 3));
        Assert.True(_ml.MulticlassClassification.Evaluate(model.Transform(test)).MicroAccuracy > 0.95,
            $"Pictures from 0 to {white} are not learned.");
    }

    [Fact]
    public void The_graph_the_zip_and_a_teacher_take_the_numbers_as_training_did()
    {
        IDataView train = Bars(1, 120, seed: 1), test = Bars(1, 20, seed: 2);
        using EarlyReadoutTransformer model = Fit(train, Bars(1, 30, seed: 3));
        float[][] scores = [.. model.Transform(test).GetColumn<float[]>("Score")];
        Assert.True(scores.Average(row => row.Max()) > 0.6,
            $"The model is unsure of all rows ({scores.Average(row => row.Max())}): the test would not tell ranges apart.");

        using TransformerChain<ITransformer> stock = TransformTests.Reload(model, train.Schema);
        float[][] byRow = [.. stock.Transform(test).GetColumn<float[]>("Score")];
        using var session = new InferenceSession(ModelBytes.Of(model));
        float[] features = [.. test.GetColumn<float[]>("Features").SelectMany(row => row)];
        using OrtValue input = OrtValue.CreateTensorValueFromMemory(features, [scores.Length, 1, Side, Side]);
        using var options = new RunOptions();
        using IDisposableReadOnlyCollection<OrtValue> outputs = session.Run(options, ["Features"], [input], ["Score"]);
        Assert.All(scores.SelectMany(row => row).Zip(byRow.SelectMany(row => row), outputs[0].GetTensorDataAsSpan<float>().ToArray()),
            each =>
        {
            Assert.Equal(each.First, each.Second, 1e-5f);
            Assert.Equal(each.First, each.Third, 1e-5f);
        });

        // The teacher has learned from numbers 0 to 1; its lessons are as good on a student's rows that happen to be 0 and 1 alone.
        var student = new DebiasedDistillationTrainer.Options { FeatureColumnName = "Features", Epochs = 8, Teacher = { Model = model },
            Seed = 1 };
        Configure(student);
        using EarlyReadoutTransformer taught = _ml.MulticlassClassification.Trainers.DebiasedDistillation(student).Fit(Bars(1, 120,
            seed: 1, binary: true));
        Assert.True(_ml.MulticlassClassification.Evaluate(taught.Transform(Bars(1, 60, seed: 4, binary: true))).MicroAccuracy > 0.9);
    }

    private static void Configure(TrainerOptions options)
    {
        options.Network = new NetworkOptions { Kind = NetworkKind.ConvNet, Channels = [8, 8] };
        options.Optimizer.LearningRate = 0.05;
        options.BatchSize = 16;
    }

    private EarlyReadoutTransformer Fit(IDataView train, IDataView validation)
    {
        var options = new EarlyReadoutEstimator.Options { FeatureColumnName = "Features", Epochs = 6, ValidationSet = validation,
            Seed = 1 };
        Configure(options);
        return _ml.Transforms.EarlyReadout(options).Fit(train);
    }

    /// <summary>A bright bar, upright or lying, on noise that is half as bright at most; or without noise.</summary>
    private static IDataView Bars(float white, int count, int seed, bool binary = false)
    {
        var random = new Random(seed);
        return View([.. Enumerable.Range(0, count).Select(row =>
        {
            int place = random.Next(1, Side - 1);
            return Enumerable.Range(0, Side * Side).Select(i => (row % 2 == 0 ? i / Side : i % Side) == place ? white
                : binary || random.Next(2) == 0 ? 0 : white * random.NextSingle() / 2).ToArray();
        })]);
    }

    private static float[][] Numbers(string set)
    {
        var random = new Random(5);
        float[][] rows = [.. Enumerable.Range(0, 6).Select(_ => Enumerable.Range(0, Side * Side).Select(_ => set switch
        {
            "0 or 1" => random.Next(2),
            "0 to 1" or "0 to 1, overshot" => random.NextSingle(),
            "-1 to 1" => 2 * random.NextSingle() - 1,
            "-123 to 132" => random.Next(-122, 132),
            "all black" => 0,
            _ => random.Next(256),
        }).ToArray())];
        (float least, float most) = set switch
        {
            "0 to 1, overshot" => (-0.04f, 1.03f),
            "0 to 1" => (0, 1),
            "-1 to 1" => (-0.99f, 0.98f),
            "-123 to 132" => (-123, 132),
            "0 to 255" or "0 to 255, one fraction" => (0, 255),
            _ => (rows[0][0], rows[0][1]),
        };
        (rows[0][0], rows[0][1]) = (least, most);
        if (set == "0 to 255, one fraction") rows[3][9] = 17.5f;
        return rows;
    }

    private static IDataView View(float[][] rows) => Rows.Keyed(Rows.Ml.Data.LoadFromEnumerable(rows.Select((row, i) =>
        new PixelRow { Features = row, Label = i % 2 == 0 ? "a" : "b" }).ToArray()));

    private sealed class PixelRow
    {
        [VectorType(1, Side, Side)]
        public float[] Features { get; set; } = [];

        public string Label { get; set; } = "";
    }
}
