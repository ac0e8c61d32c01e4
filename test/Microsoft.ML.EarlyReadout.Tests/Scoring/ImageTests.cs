using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.Transforms.Image;

namespace MLSieve.Tests;

public sealed class ImageTests : IDisposable
{
    private const int Height = 5;
    private const int Width = 7;
    private readonly MLContext _ml = new(seed: 1);
    private readonly string _folder = Directory.CreateTempSubdirectory("images").FullName;

    [Theory]
    [InlineData(ImageLayout.ChannelsFirst, MLPixelFormat.Rgba32)]
    [InlineData(ImageLayout.ChannelsFirst, MLPixelFormat.Bgra32)]
    [InlineData(ImageLayout.ChannelsLast, MLPixelFormat.Bgra32)]
    public void An_image_column_scores_like_its_pixels_on_both_paths(ImageLayout layout, MLPixelFormat format)
    {
        IDataView images = View(Draw(30, format));
        var shape = new ImageShape(layout, 3, Height, Width);
        using EarlyReadoutTransformer model = new RandomClassifier { Feature = "Image", Shape = shape }.Fit(images);
        float[] fromImages = [.. model.Transform(images).GetColumn<float[]>("Score").SelectMany(x => x)];

        IDataView pixels = _ml.Transforms.ExtractPixels("Pixels", "Image", interleavePixelColors: layout == ImageLayout.ChannelsLast)
            .Fit(images)
            .Transform(View(Draw(30, format)));
        using EarlyReadoutTransformer same = new RandomClassifier { Feature = "Pixels", Shape = shape }.Fit(pixels);
        float[] fromPixels = [.. same.Transform(pixels).GetColumn<float[]>("Score").SelectMany(x => x)];
        Assert.Equal(fromPixels, fromImages);

        using TransformerChain<ITransformer> stock = TransformTests.Reload(model, images.Schema);
        float[] byRow = [.. stock.Transform(View(Draw(30, format))).GetColumn<float[]>("Score").SelectMany(x => x)];
        Assert.All(fromImages.Zip(byRow), pair => Assert.Equal(pair.First, pair.Second, 1e-6f));
        Assert.Equal(
            TransformTests.Describe(model.GetOutputSchema(images.Schema)),
            TransformTests.Describe(stock.GetOutputSchema(images.Schema)));
    }

    [Fact]
    public void Images_outlive_scoring_and_can_be_scored_again()
    {
        ImageRow[] rows = Draw(20, MLPixelFormat.Rgba32);
        IDataView images = View(rows);
        using EarlyReadoutTransformer model = new RandomClassifier { Feature = "Image" }.Fit(images);
        float[] first = [.. model.Transform(images).GetColumn<float[]>("Score").SelectMany(x => x)];
        float[] second = [.. model.Transform(images).GetColumn<float[]>("Score").SelectMany(x => x)];
        Assert.Equal(first, second);
        Assert.Equal(Width, rows[0].Image.Width);
        byte[][] given = [.. model.Transform(images).GetColumn<MLImage>("Image").Select(image => image.Pixels.ToArray())]; // copies
        Assert.Equal(rows.Select(row => row.Image.Pixels.ToArray()), given);
    }

    [Fact]
    public void Images_whose_column_has_no_size_score_on_both_paths()
    {
        IDataView images = FromFiles(Draw(20, MLPixelFormat.Bgra32));
        using EarlyReadoutTransformer model = new RandomClassifier { Feature = "Image", Shape = FeatureShape.Image(3, Height, Width) }
            .Fit(images);
        float[] scores = [.. model.Transform(images).GetColumn<float[]>("Score").SelectMany(x => x)];
        // Saved for a column without a size, the model resizes: a step that leaves images of the right size alone.
        using TransformerChain<ITransformer> stock = TransformTests.Reload(model, images.Schema);
        float[] byRow = [.. stock.Transform(images).GetColumn<float[]>("Score").SelectMany(x => x)];
        Assert.All(scores.Zip(byRow), pair => Assert.Equal(pair.First, pair.Second, 1e-6f));
    }

    [Fact]
    public void A_promise_over_images_equals_what_is_delivered()
    {
        IDataView images = View(Draw(5, MLPixelFormat.Rgba32));
        var estimator = new RandomClassifier { Feature = "Image" };
        using EarlyReadoutTransformer model = estimator.Fit(images);
        Assert.Equal(
            Names(SchemaShapes.Of(model.GetOutputSchema(images.Schema))), Names(estimator.GetOutputSchema(SchemaShapes.Of(images.Schema))));

        static string[] Names(SchemaShape shape) =>
            [.. shape.Select(column => $"{column.Name} {column.Kind} {column.ItemType.RawType}").Order(StringComparer.Ordinal)];
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static ImageRow[] Draw(int count, MLPixelFormat format)
    {
        var random = new Random(3);
        return [.. Enumerable.Range(0, count).Select(i =>
        {
            var bytes = new byte[Height * Width * 4];
            random.NextBytes(bytes);
            for (int alpha = 3; alpha < bytes.Length; alpha += 4) bytes[alpha] = 255;
            return new ImageRow { Image = MLImage.CreateFromPixels(Width, Height, format, bytes), Name = $"class {i % 3}" };
        })];
    }

    private IDataView View(ImageRow[] rows) => WithLabel(_ml.Data.LoadFromEnumerable(rows));

    private IDataView FromFiles(ImageRow[] rows)
    {
        string Write(ImageRow row, int i)
        {
            string path = Path.Combine(_folder, $"{i}.png");
            row.Image.Save(path);
            return path;
        }

        FileRow[] files = [.. rows.Select((row, i) => new FileRow { Path = Write(row, i), Name = row.Name })];
        IDataView view = _ml.Data.LoadFromEnumerable(files);
        return WithLabel(_ml.Transforms.LoadImages("Image", null, "Path").Fit(view).Transform(view));
    }

    private IDataView WithLabel(IDataView view) => _ml.Transforms.Conversion.MapValueToKey("Label", "Name").Fit(view).Transform(view);

    private sealed class FileRow
    {
        public string Path { get; set; } = "";

        public string Name { get; set; } = "";
    }

    private sealed class ImageRow
    {
        [ImageType(Height, Width)]
        public required MLImage Image { get; set; }

        public string Name { get; set; } = "";
    }
}
