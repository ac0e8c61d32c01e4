using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;
using static TorchSharp.torch;

namespace MLSieve.Tests;

public sealed class ActivationMapTransformTests : IDisposable
{
    private const int Height = 16;
    private const int Width = 24;
    private const int Stride = 4; // of the network's last stage
    private static readonly string[] _classes = ["ant", "bee", "cow"];
    private readonly MLContext _ml = new(seed: 1);
    private readonly string _folder = Directory.CreateTempSubdirectory("maps").FullName;

    [Fact]
    public void A_map_is_of_the_predicted_class_or_of_a_named_one()
    {
        IDataView images = View(40);
        using EarlyReadoutTransformer model = Model(images);
        IEstimator<ITransformer> estimator = _ml.Transforms.ClassActivationMap("Map", model)
            .Append(_ml.Transforms.ClassActivationMap("ant", model, "ant"))
            .Append(_ml.Transforms.ClassActivationMap("bee", model, "bee"))
            .Append(_ml.Transforms.ClassActivationMap("cow", model, "cow"));
        IDataView mapped = model.Append(estimator.Fit(images)).Transform(images);
        Assert.Equal(new VectorDataViewType(NumberDataViewType.Single, Height / Stride, Width / Stride), mapped.Schema["Map"].Type);

        uint[] predicted = [.. mapped.GetColumn<uint>("PredictedLabel")];
        Assert.True(predicted.Distinct().Count() > 1, "All rows have one predicted class: the test would not tell classes apart.");
        float[][][] named = [.. _classes.Select(name => mapped.GetColumn<float[]>(name).ToArray())];
        foreach ((int row, float[] map) in mapped.GetColumn<float[]>("Map").Index())
        {
            Assert.Equal(named[predicted[row] - 1][row], map);
            Assert.All(map, value => Assert.True(value >= 0));
        }
        Assert.NotEqual(named[0][0], named[1][0]);
    }

    [Fact]
    public void The_maps_mean_less_the_negative_part_is_what_the_logit_is_made_of()
    {
        IDataView images = View(5);
        using EarlyReadoutTransformer model = Model(images);
        float[] features = [.. _ml.Transforms.ExtractPixels("Pixels", "Image")
            .Fit(images)
            .Transform(images)
            .GetColumn<float[]>("Pixels")
            .SelectMany(x => x)];
        var maps = new float[5 * 3 * model.Session.MapHeight * model.Session.MapWidth];
        var logits = new float[5 * 3];
        model.Session.Score(features, 5, [null], maps, TestContext.Current.CancellationToken);
        model.Session.Logits(features, 5, logits);
        // The linear layer's bias is the same for every row, so differences between rows are the maps' alone.
        float Mean(int row, int c) => maps.Chunk(model.Session.MapHeight * model.Session.MapWidth).ElementAt(3 * row + c).Average();
        for (int row = 1; row < 5; row++)
            for (int c = 0; c < 3; c++)
                Assert.Equal(logits[3 * row + c] - logits[c], Mean(row, c) - Mean(0, c), 1e-3f);
    }

    [Fact]
    public void Nothing_is_computed_until_a_map_is_read()
    {
        IDataView images = View(5);
        EarlyReadoutTransformer model = Model(images);
        IDataView mapped = _ml.Transforms.ClassActivationMap("Map", model).Fit(images).Transform(images);
        model.Dispose();
        Assert.Equal(5, mapped.GetColumn<string>("Class").Count());
        Assert.Throws<ObjectDisposedException>(() => mapped.GetColumn<float[]>("Map").First());
    }

    [Fact]
    public void A_promise_equals_what_is_delivered()
    {
        IDataView images = View(5);
        using EarlyReadoutTransformer model = Model(images);
        IEstimator<ITransformer> estimator = _ml.Transforms.ClassActivationMap("Map", model)
            .Append(_ml.Transforms.ActivationMapOverlay("Overlay", "Image", "Map"));
        DataViewSchema delivered = estimator.Fit(images).GetOutputSchema(images.Schema);
        Assert.Equal(Names(SchemaShapes.Of(delivered)), Names(estimator.GetOutputSchema(SchemaShapes.Of(images.Schema))));

        static string[] Names(SchemaShape shape) =>
            [.. shape.Select(column => $"{column.Name} {column.Kind} {column.ItemType.RawType}").Order(StringComparer.Ordinal)];
    }

    [Theory]
    [InlineData("Image")]
    [InlineData("Pixels")]
    public void An_overlay_is_the_image_in_grey_with_heat_where_the_map_is_high(string source)
    {
        // One hot cell, the second of the lower row; the map is 2 × 3 cells of 8 × 8 pixels.
        IDataView rows = WithMaps([0, 0, 0, 0, 5, 0], [0, 0, 0, 0, 0, 0]);
        if (source == "Pixels") rows = _ml.Transforms.ExtractPixels("Pixels", "Image").Fit(rows).Transform(rows);
        MLImage[] overlays = [.. _ml.Transforms.ActivationMapOverlay("Overlay", source, "Map", opacity: 1)
            .Fit(rows)
            .Transform(rows)
            .GetColumn<MLImage>("Overlay")];

        string path = Path.Combine(_folder, source + ".png");
        overlays[0].Save(path);
        MLImage read = MLImage.CreateFromFile(path);
        Assert.Equal((Width, Height), (read.Width, read.Height));
        (int hotRed, int hotGreen, int hotBlue) = Pixel(read, x: 12, y: 12);
        Assert.True(
            hotRed > 200 && hotGreen > 200 && hotBlue < 150, $"The hottest place is ({hotRed}, {hotGreen}, {hotBlue}), not yellow.");
        AssertGrey(Pixel(read, x: 1, y: 1));
        // a map that is zero everywhere shows nothing
        for (int i = 0; i < Height * Width; i++) AssertGrey(Pixel(overlays[1], i % Width, i / Width));

        static void AssertGrey((int Red, int Green, int Blue) pixel) =>
            Assert.True(pixel.Red == pixel.Green && pixel.Green == pixel.Blue, pixel.ToString());
    }

    [Fact]
    public void What_cannot_be_mapped_is_named()
    {
        IDataView images = View(5);
        using EarlyReadoutTransformer model = Model(images);
        using EarlyReadoutTransformer without = new RandomClassifier { Feature = "Image" }.Fit(images);
        Assert.False(without.HasActivationMaps);
        Assert.Contains(
            "global average pooling", Assert.Throws<ArgumentException>(() => _ml.Transforms.ClassActivationMap("Map", without)).Message,
            StringComparison.Ordinal);
        Assert.Contains(
            "no class 'dog'; it has 'ant', 'bee', 'cow'",
            Assert.Throws<ArgumentException>(() => _ml.Transforms.ClassActivationMap("Map", model, "dog")).Message,
            StringComparison.Ordinal);
        Assert.Contains(
            "opacity", Assert.Throws<ArgumentException>(() => _ml.Transforms.ActivationMapOverlay("Overlay", "Image", "Map", 1.5)).Message,
            StringComparison.Ordinal);
        IDataView mapped = _ml.Transforms.ClassActivationMap("Map", model).Fit(images).Transform(images);
        Assert.Contains(
            "map column 'Class' is of type",
            Assert.Throws<ArgumentOutOfRangeException>(
                () => _ml.Transforms.ActivationMapOverlay("Overlay", "Image", "Class").Fit(mapped)).Message,
            StringComparison.Ordinal);
        Assert.Contains(
            "image column 'Map' is of type",
            Assert.Throws<ArgumentOutOfRangeException>(
                () => _ml.Transforms.ActivationMapOverlay("Overlay", "Map", "Map").Fit(mapped)).Message,
            StringComparison.Ordinal);
        foreach (string output in new[] { "Image", "Label", "Score" })
        {
            string message = Assert.Throws<ArgumentException>(() => _ml.Transforms.ClassActivationMap(output, model)).Message;
            Assert.Contains($"column and outputColumnName are both '{output}'", message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Saving_maps_or_overlays_says_that_they_are_no_part_of_a_model()
    {
        IDataView images = View(5);
        using EarlyReadoutTransformer model = Model(images);
        ITransformer map = _ml.Transforms.ClassActivationMap("Map", model).Fit(images);
        ITransformer overlay = _ml.Transforms.ActivationMapOverlay("Overlay", "Image", "Map").Fit(map.Transform(images));
        Assert.StartsWith("Class activation maps are not part of a saved model.",
            Assert.Throws<NotSupportedException>(() => _ml.Model.Save(map, images.Schema, Stream.Null)).Message, StringComparison.Ordinal);
        Assert.Equal(
            "Overlays are not part of a saved model: a stock application has no transform that paints them. Save the model without "
                + "ActivationMapOverlay, and append it again where pictures are wanted.",
                Assert.Throws<NotSupportedException>(() => _ml.Model.Save(overlay, map.Transform(images).Schema, Stream.Null)).Message);
    }

    [Fact]
    public void An_overlay_paints_single_rows_too()
    {
        IDataView rows = WithMaps([0, 0, 0, 0, 5, 0]);
        ITransformer overlay = _ml.Transforms.ActivationMapOverlay("Overlay", "Image", "Map", opacity: 1).Fit(rows);
        using PredictionEngine<MappedRow, PaintedRow> engine = _ml.Model.CreatePredictionEngine<MappedRow, PaintedRow>(overlay);
        using MLImage expected = overlay.Transform(rows).GetColumn<MLImage>("Overlay").Single();
        using MLImage painted = engine.Predict(new MappedRow { Image = Draw(0), Map = [0, 0, 0, 0, 5, 0] }).Overlay;
        Assert.Equal(expected.Pixels.ToArray(), painted.Pixels.ToArray());
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static EarlyReadoutTransformer Model(IDataView data)
    {
        using var scope = NewDisposeScope();
        var shape = FeatureShape.Image(3, Height, Width);
        using StagedNetwork network = NetworkFactory.Create(
            new NetworkOptions { Kind = NetworkKind.ConvNet, Channels = [8, 12] }, shape, PixelRange.Bytes, _classes.Length, 3, _ => { });
        using IDisposable noGrad = no_grad();
        // batch norm's statistics, without which one bright feature decides everything
        for (int i = 0; i < 30; i++) network.call(NetworkCases.Rows(shape, 16));
        Tensor weight = network.get_parameter("head.weight")!;
        weight.copy_(weight.sub(weight.mean([1], keepdim: true)).mul(Scalars.Of(50)));
        var columns = new ScoringColumns("Image", "Label", "Score", "PredictedLabel", shape) { Format = FeatureFormat.Images };
        StockHead head = StockHead.Fit(data.Schema["Label"]);
        return EarlyReadoutTransformer.Create(
            data.Schema, head, columns, (graph, x) => new GraphValues(NetworkExport.Add(graph, network, x), []));
    }

    private static (int Red, int Green, int Blue) Pixel(MLImage image, int x, int y)
    {
        var rgb = new byte[3 * image.Width * image.Height];
        RgbPixels.Copy(image, "image", rgb.AsSpan(), ImageLayout.ChannelsLast);
        int i = 3 * (y * image.Width + x);
        return (rgb[i], rgb[i + 1], rgb[i + 2]);
    }

    private IDataView View(int count)
    {
        IDataView view = _ml.Data.LoadFromEnumerable(
            Enumerable.Range(0, count).Select(i => new Row { Image = Draw(i), Class = _classes[i % 3] }).ToArray());
        return _ml.Transforms.Conversion.MapValueToKey("Label", "Class").Fit(view).Transform(view);
    }

    private IDataView WithMaps(params float[][] maps) =>
        _ml.Data.LoadFromEnumerable(maps.Select((map, i) => new MappedRow { Image = Draw(i), Map = map }).ToArray());

    private static MLImage Draw(int seed)
    {
        var random = new Random(seed);
        var bytes = new byte[Height * Width * 4];
        int channel = seed % 3; // images of different hue, so that predicted classes differ
        for (int i = 0; i < bytes.Length; i++) bytes[i] = i % 4 == channel || i % 4 == 3 ? byte.MaxValue : (byte)random.Next(60);
        return MLImage.CreateFromPixels(Width, Height, MLPixelFormat.Rgba32, bytes);
    }

    private sealed class Row
    {
        [Microsoft.ML.Transforms.Image.ImageType(Height, Width)]
        public required MLImage Image { get; set; }

        public string Class { get; set; } = "";
    }

    private sealed class PaintedRow
    {
        [Microsoft.ML.Transforms.Image.ImageType(Height, Width)]
        public MLImage Overlay { get; set; } = null!;
    }

    private sealed class MappedRow
    {
        [Microsoft.ML.Transforms.Image.ImageType(Height, Width)]
        public required MLImage Image { get; set; }

        [VectorType(2, 3)]
        public float[] Map { get; set; } = [];
    }
}
