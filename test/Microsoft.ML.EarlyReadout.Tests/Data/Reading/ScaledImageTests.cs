using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;
using SkiaSharp;

namespace MLSieve.Tests;

/// <summary>JPEG files that are decoded no larger than needed, against the stock loader.</summary>
public sealed class ScaledImageTests : IDisposable
{
    private const int Side = 64;
    private const int Count = 300;
    private readonly ImageFolder _folder = new(0);
    private readonly MLContext _ml = new(seed: 1);

    public ScaledImageTests()
    {
        AddFile("wide.jpg", 500, 375, SKEncodedImageFormat.Jpeg);
        AddFile("small.jpg", 70, 60, SKEncodedImageFormat.Jpeg);
        AddFile("wide.png", 500, 375, SKEncodedImageFormat.Png);
        for (int row = 3; row < Count; row++) _folder.Repeat(row % 3);
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_JPEG_has_the_smallest_of_its_scales_that_is_large_enough_and_others_their_size()
    {
        List<(int Width, int Height, byte[] Pixels)> scaled = Images(Scaled(), 3), full = Images(_folder.Images(), 3);
        Assert.Equal([(125, 94), (70, 60), (500, 375)], scaled.Select(image => (image.Width, image.Height)));
        Assert.Equal([(500, 375), (70, 60), (500, 375)], full.Select(image => (image.Width, image.Height)));
        Assert.Equal(full.Skip(1), scaled.Skip(1), (one, other) => one.Pixels.SequenceEqual(other.Pixels));
    }

    [Fact]
    public void After_ResizeImages_pixels_are_nearly_those_of_a_full_decoding()
    {
        byte[] scaled = Images(Resized(Scaled()), 1)[0].Pixels, full = Images(Resized(_folder.Images()), 1)[0].Pixels;
        Assert.NotEqual(full, scaled); // or it would change nothing
        Assert.InRange(full.Zip(scaled, (one, other) => Math.Abs(one - other)).Average(), 0.01, 8); // of 255, at sharp edges
    }

    [Fact]
    public void A_saved_model_has_the_stock_loader_in_its_place()
    {
        ITransformer model = Loader().Fit(_folder.Paths());
        using var saved = new MemoryStream();
        _ml.Model.Save(model, _folder.Paths().Schema, saved);
        ITransformer stock = new MLContext().Model.Load(saved, out _);
        Assert.DoesNotContain("EarlyReadout", stock.GetType().FullName!, StringComparison.Ordinal);
        (int width, int height, _) = Images(stock.Transform(_folder.Paths()), 1)[0];
        Assert.Equal((500, 375), (width, height));
        Assert.Equal(model.GetOutputSchema(_folder.Paths().Schema).ToString(), stock.GetOutputSchema(_folder.Paths().Schema).ToString());
    }

    [Fact]
    public void Several_workers_load_them_in_the_order_of_the_rows()
    {
        var view = new CursorSetView(Resized(Scaled()));
        using TrainingSet several = Rows.Read(view, new TrainingColumns("Image", "Label"));
        using TrainingSet one = Rows.Read(new CountingView(Resized(Scaled())), new TrainingColumns("Image", "Label"));
        Assert.Equal(one.FingerprintOf(CancellationToken.None), several.FingerprintOf(CancellationToken.None));
        Assert.Equal(Environment.ProcessorCount > 1 ? 4 : 0, view.Opened);
    }

    [Fact]
    public void A_broken_file_is_named_and_a_side_of_nothing_is_refused()
    {
        File.WriteAllText(Path.Combine(_folder.Root, "broken.jpg"), "<html>404</html>");
        _folder.Rename(200, "broken.jpg");
        var fault = Assert.Throws<InvalidDataException>(() => Rows.Read(Resized(Scaled()), new TrainingColumns("Image", "Label")));
        Assert.StartsWith(
            "Column 'Image', row 200 (counted from 0 in the data view) has no image", fault.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => _ml.Transforms.LoadScaledImages("Image", null, 0, Side, "Path"));
    }

    private IEstimator<ITransformer> Loader() => _ml.Transforms.LoadScaledImages("Image", _folder.Root, Side, Side, "Path");

    private IDataView Scaled() => ImageFolder.Apply(Loader(), _folder.Paths());

    private IDataView Resized(IDataView images) => ImageFolder.Apply(_ml.Transforms.ResizeImages("Image", Side, Side), images);

    private static List<(int Width, int Height, byte[] Pixels)> Images(IDataView view, int count)
    {
        List<(int, int, byte[])> images = [];
        using DataViewRowCursor cursor = view.GetRowCursor([view.Schema["Image"]]);
        ValueGetter<MLImage> getter = cursor.GetGetter<MLImage>(view.Schema["Image"]);
        MLImage? image = null;
        while (images.Count < count && cursor.MoveNext())
        {
            getter(ref image!);
            var rgb = new byte[3 * image.Width * image.Height];
            RgbPixels.Copy(image, "Image", rgb.AsSpan(), ImageLayout.ChannelsLast);
            images.Add((image.Width, image.Height, rgb));
        }

        return images;
    }

    /// <summary>Bands of colour with sharp edges.</summary>
    private void AddFile(string name, int width, int height, SKEncodedImageFormat format)
    {
        using var bitmap = new SKBitmap(width, height);
        for (int place = 0; place < width * height; place++)
        {
            (int x, int y) = (place % width, place / width);
            bitmap.SetPixel(x, y, new SKColor((byte)(x / 20 % 2 * 200), (byte)(255 * y / height), (byte)(x * 255 / width)));
        }

        using SKData data = bitmap.Encode(format, 90);
        _folder.Add(name, new byte[4], _folder.Rows.Count, 1, 1);
        File.WriteAllBytes(Path.Combine(_folder.Root, name), data.ToArray());
    }
}
