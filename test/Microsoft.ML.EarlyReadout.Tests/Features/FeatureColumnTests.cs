using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.Transforms.Image;

namespace MLSieve.Tests;

public sealed class FeatureColumnTests
{
    public static TheoryData<int[], ImageLayout?, int, int, int> Dimensions => new()
    {
        { [7], null, 7, 1, 1 },
        { [3, 8, 9], ImageLayout.ChannelsFirst, 3, 8, 9 },
        { [1, 8, 9], ImageLayout.ChannelsFirst, 1, 8, 9 },
        { [4, 8, 9], ImageLayout.ChannelsFirst, 4, 8, 9 },
        { [8, 9, 3], ImageLayout.ChannelsLast, 3, 8, 9 },
        { [8, 9, 1], ImageLayout.ChannelsLast, 1, 8, 9 },
        { [8, 9, 4], ImageLayout.ChannelsLast, 4, 8, 9 },
        { [3, 9, 3], ImageLayout.ChannelsFirst, 3, 9, 3 },
        { [8, 9], null, 72, 1, 1 },
        { [8, 9, 5], null, 360, 1, 1 },
    };

    [Theory]
    [MemberData(nameof(Dimensions))]
    public void Dimensions_of_the_column_tell_the_shape(int[] dimensions, ImageLayout? layout, int channels, int height, int width) =>
        Assert.Equal(
            layout is { } order ? new ImageShape(order, channels, height, width) : FeatureShape.Vector(channels),
            Infer(new VectorDataViewType(NumberDataViewType.Single, dimensions)));

    [Theory]
    [InlineData(28, 28, 1, 1)]
    [InlineData(28, 28, 0, 1)]
    [InlineData(14, 0, 2, 2)]
    public void Options_give_a_flat_vector_an_image_shape(int height, int width, int channels, int expectedChannels) =>
        Assert.Equal(
            FeatureShape.Image(expectedChannels, height, 28),
            Infer(new VectorDataViewType(NumberDataViewType.Single, 784), height, width, channels));

    [Fact]
    public void Options_decide_between_two_readings_of_the_dimensions() =>
        Assert.Equal(
            new ImageShape(ImageLayout.ChannelsLast, 3, 1, 9), Infer(new VectorDataViewType(NumberDataViewType.Single, 1, 9, 3), 1, 9));

    [Fact]
    public void Options_name_an_unusual_number_of_channels() =>
        Assert.Equal(FeatureShape.Image(5, 8, 9), Infer(new VectorDataViewType(NumberDataViewType.Single, 5, 8, 9), channels: 5));

    [Fact]
    public void Flat_vectors_of_two_channels_train_once_the_options_say_so_from_weights_too()
    {
        var ml = new MLContext(seed: 1);
        var random = new Random(1);
        IDataView rows = ml.Data.LoadFromEnumerable(Enumerable.Range(0, 12).Select(i => new TwoChannels
        {
            Pixels = [.. Enumerable.Range(0, 72).Select(_ => random.NextSingle())],
            Label = (uint)(i % 2), // which a view takes for the keys 1 and 2
        }).ToArray());
        var options = new EarlyReadoutEstimator.Options
        {
            FeatureColumnName = "Pixels",
            Network = { Kind = NetworkKind.ConvNet, Channels = [4], Input = { Height = 6, Width = 6, Channels = 2 } },
            Epochs = 1,
        };
        using EarlyReadoutTransformer model = ml.Transforms.EarlyReadout(options).Fit(rows);
        Assert.Equal(FeatureShape.Image(2, 6, 6), model.Graph.Shape);
        string weights = Path.Combine(Directory.CreateTempSubdirectory("two-channels-").FullName, "weights.safetensors");
        model.SaveWeights(weights);
        options.Network.WeightsPath = weights;
        ml.Transforms.EarlyReadout(options).Fit(rows).Dispose(); // normalisations of three colours are not tried on them
        Directory.Delete(Path.GetDirectoryName(weights)!, recursive: true);

        options.Network.Input.ChannelOrder = ChannelOrder.Bgr;
        options.Network.WeightsPath = null;
        Assert.Equal(
            "Network.Input.ChannelOrder is Bgr, which is of colours; the images have 2 channels.",
            Assert.Throws<ArgumentException>(() => ml.Transforms.EarlyReadout(options).Fit(rows)).Message);
    }

    private sealed class TwoChannels
    {
        [VectorType(72)]
        public float[] Pixels { get; set; } = [];

        [KeyType(2)]
        public uint Label { get; set; }
    }

    [Theory]
    [InlineData(28, 28, 3, "has 784 numbers, but the input options Channels 3, Height 28, Width 28 need 2352.")]
    [InlineData(30, 30, 0, "has 784 numbers, but the input options Height 30, Width 30 need a multiple of 900.")]
    [InlineData(
        7, 56, 0, "has 784 numbers, of which the input options Height 7, Width 56 make images of 2 channels; expected 1, 3 or 4. "
            + "Correct Height and Width, or set Channels to 2 if that is what the numbers are.")]
    [InlineData(
        28, 0, 0, "is a flat vector of 784 numbers: to read it as images, set the input options Height and Width, not only Height 28.")]
    public void Options_that_do_not_fit_are_an_error_with_the_numbers(int height, int width, int channels, string fault) =>
        Assert.Equal(
            $"The feature column 'Pixels' {fault}", Fault(new VectorDataViewType(NumberDataViewType.Single, 784), height, width, channels));

    [Fact]
    public void Options_that_contradict_the_dimensions_are_an_error() =>
        Assert.Equal(
            "The feature column 'Pixels' has the dimensions 3×8×9, which fit the input options Height 9, Width 9 neither as "
                + "channels×height×width nor as height×width×channels.",
                Fault(new VectorDataViewType(NumberDataViewType.Single, 3, 8, 9), 9, 9));

    [Fact]
    public void Images_are_read_as_three_planes() => Assert.Equal(FeatureShape.Image(3, 8, 9), Infer(new ImageDataViewType(8, 9)));

    [Fact]
    public void Images_of_unknown_size_leave_the_shape_to_the_first_row() => Assert.Null(Infer(new ImageDataViewType()));

    [Fact]
    public void Options_that_contradict_the_images_are_an_error()
    {
        Assert.Equal("The input option Width is 8, but the images of column 'Pixels' have 9.", Fault(new ImageDataViewType(8, 9), 8, 8));
        Assert.Equal(
            "The input option Channels is 1, but the images of column 'Pixels' are read with 3 channels (red, green, blue).",
            Fault(new ImageDataViewType(8, 9), channels: 1));
    }

    [Fact]
    public void Vectors_of_unknown_size_are_an_error_that_says_what_to_do()
    {
        string fault = Fault(new VectorDataViewType(NumberDataViewType.Single));
        Assert.StartsWith(
            "The feature column 'Pixels' is of type Vector<Single>; expected Vector<Single> of known size, or an image. "
                + "Its rows may differ in length",
            fault, StringComparison.Ordinal);
        Assert.Contains("ResizeImages before ExtractPixels", fault, StringComparison.Ordinal);
    }

    public static TheoryData<DataViewType, string, string> WrongTypes => new()
    {
        {
            new VectorDataViewType(NumberDataViewType.Double, 4),
            "Vector<Double, 4>",
            "Add Conversion.ConvertType(\"Pixels\", outputKind: DataKind.Single)."
        },
        {
            new VectorDataViewType(new KeyDataViewType(typeof(uint), 5), 4),
            "Vector<Key<UInt32, 0-4>, 4>",
            "Add Conversion.MapKeyToVector."
        },
        {
            new VectorDataViewType(NumberDataViewType.Byte),
            "Vector<Byte>",
            "If they are files, as LoadRawImageBytes reads them, use LoadImages, ResizeImages and ExtractPixels instead."
        },
        { NumberDataViewType.Single, "Single", "Convert single numbers to Single and gather them by Concatenate." },
        {
            DateTimeDataViewType.Instance,
            "DateTime",
            "Turn it into numbers first, for instance by ExtractPixels, OneHotEncoding or FeaturizeText."
        },
        {
            TextDataViewType.Instance,
            "String",
            "Name it in TextColumnName to train on texts, or turn it into numbers first, for instance by OneHotEncoding."
        },
    };

    [Theory]
    [MemberData(nameof(WrongTypes))]
    public void Another_type_is_an_error_with_expected_and_got(DataViewType type, string got, string advice) =>
        Assert.Equal(
            $"The feature column 'Pixels' is of type {got}; expected Vector<Single> of known size, or an image. {advice}", Fault(type));

    [Fact]
    public void A_missing_column_is_an_error_that_lists_the_others()
    {
        var builder = new DataViewSchema.Builder();
        builder.AddColumn("Label", NumberDataViewType.Single);
        builder.AddColumn("Pixel", NumberDataViewType.Single);
        var schema = builder.ToSchema();
        const string dropped = "If it held images: ML.NET's Cache, AppendCacheCheckpoint and ShuffleRows drop columns of images: use them "
            + "before LoadImages or after ExtractPixels.";
        Assert.Equal($"The feature column 'Pixels' is not in the data, which has 'Label', 'Pixel'. {dropped}",
            Assert.Throws<ArgumentOutOfRangeException>(() => FeatureColumn.Infer(schema, "Pixels", new())).Message);
        Assert.Equal($"The feature column 'Pixels' is not in the data, which has no columns. {dropped}",
            Assert.Throws<ArgumentOutOfRangeException>(
                () => FeatureColumn.Infer(new DataViewSchema.Builder().ToSchema(), "Pixels", new())).Message);
    }

    private static FeatureShape? Infer(DataViewType type, int height = 0, int width = 0, int channels = 0)
    {
        var builder = new DataViewSchema.Builder();
        builder.AddColumn("Pixels", type);
        return FeatureColumn.Infer(builder.ToSchema(), "Pixels", new() { Height = height, Width = width, Channels = channels }).Shape;
    }

    private static string Fault(DataViewType type, int height = 0, int width = 0, int channels = 0) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Infer(type, height, width, channels)).Message;
}
