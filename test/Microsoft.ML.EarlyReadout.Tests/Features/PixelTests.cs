using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.Transforms.Image;
using static TorchSharp.torch;

namespace MLSieve.Tests;

public sealed class PixelTests : IDisposable
{
    private const int Height = 6, Width = 5;

    private readonly string _folder = Directory.CreateTempSubdirectory("mlsieve-pixel-tests-").FullName;
    private readonly byte[][] _planes = [.. Enumerable.Range(0, 4).Select(seed => Planes(seed, Height, Width))];

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Files_through_ExtractPixels_stay_bytes_in_their_layout(bool interleaved)
    {
        NativeBackend.EnsureLoaded();
        using var scope = NewDisposeScope();
        var view = Files(_planes).Append(Rows.Ml.Transforms.ExtractPixels("Features", "Image", interleavePixelColors: interleaved));
        using var set = Rows.Read(view.Fit(Paths()).Transform(Paths()));
        Assert.Equal(ScalarType.Byte, set.StoredType);
        Assert.Equal(interleaved ? ImageLayout.ChannelsLast : ImageLayout.ChannelsFirst, Assert.IsType<ImageShape>(set.Shape).Layout);
        var features = set.Gather([2, 0], CPU).Features;
        Assert.Equal(ScalarType.Byte, features.dtype);
        Assert.Equal(interleaved ? [2L, Height, Width, 3] : [2L, 3, Height, Width], features.shape);
        var planar = interleaved ? features.permute(0, 3, 1, 2).contiguous() : features;
        Assert.Equal([.. _planes[2], .. _planes[0]], planar.data<byte>().ToArray());
    }

    [Fact]
    public void Images_give_the_bytes_that_ExtractPixels_gives()
    {
        var images = Files(_planes).Append(Rows.Ml.Transforms.CopyColumns("Features", "Image")).Fit(Paths()).Transform(Paths());
        using var set = Rows.Read(images);
        Assert.Equal(FeatureShape.Image(3, Height, Width), set.Shape);
        Assert.Equal(ScalarType.Byte, set.StoredType);
        Assert.Equal(_planes.Select(each => each.Select(value => (float)value).ToArray()), Rows.Features(set));
    }

    [Theory]
    [InlineData(MLPixelFormat.Rgba32)]
    [InlineData(MLPixelFormat.Bgra32)]
    public void Images_in_memory_are_read_in_either_channel_order_and_stay_the_users(MLPixelFormat format)
    {
        ImageRow[] rows =
        [
            .. _planes.Select((planes, row) => new ImageRow(Image(planes, Height, Width, format), row % 2 == 0 ? "a" : "b")),
        ];
        using var set = Rows.Read(Rows.Keyed(Rows.Ml.Data.LoadFromEnumerable(rows)));
        Assert.Equal(_planes.Select(each => each.Select(value => (float)value).ToArray()), Rows.Features(set));
        Assert.All(rows, row => Assert.Equal(Width, row.Features.Width));
    }

    [Fact]
    public void An_image_of_another_size_than_the_column_says_is_an_error_that_says_to_resize()
    {
        ImageRow[] rows = [new(Image(_planes[0], Height, Width), "a"), new(Image(Planes(9, 4, 4), 4, 4), "b")];
        Assert.Equal(
            "Column 'Features', row 1 (counted from 0 in the data view) is an image of 4×4 pixels; expected 5×6 (width×height). Add "
                + "ResizeImages before the trainer.",
                Assert.Throws<InvalidDataException>(() => Rows.Read(Rows.Keyed(Rows.Ml.Data.LoadFromEnumerable(rows)))).Message);
    }

    [Fact]
    public void Without_a_size_in_the_column_the_first_row_or_the_options_decide()
    {
        Save(_planes[0], Height, Width, "0.png");
        Save(Planes(9, 4, 4), 4, 4, "1.png");
        PathRow[] rows =
        [
            new() { Path = "0.png", Label = "a" },
            new() { Path = "0.png", Label = "b" },
            new() { Path = "1.png", Label = "b" },
        ];
        Assert.Equal(FeatureShape.Image(3, Height, Width), Read(rows[..2]).Shape);
        Assert.StartsWith("Column 'Features', row 2 (counted from 0 in the data view) is an image of 4×4 pixels; expected 5×6",
            Assert.Throws<InvalidDataException>(() => Read(rows)).Message, StringComparison.Ordinal);
        Assert.StartsWith("Column 'Features', row 0 (counted from 0 in the data view) is an image of 5×6 pixels; expected 4×4",
            Assert.Throws<InvalidDataException>(() => Read(rows, new() { Height = 4, Width = 4 })).Message, StringComparison.Ordinal);

        TrainingSet Read(PathRow[] paths, InputOptions? input = null)
        {
            var view = Rows.Keyed(Rows.Ml.Data.LoadFromEnumerable(paths));
            using var set = Rows.Read(Rows.Ml.Transforms.LoadImages("Features", _folder, "Path").Fit(view).Transform(view), input: input);
            return set;
        }
    }

    [Fact]
    public void A_missing_image_is_an_error_that_names_the_row()
    {
        ImageRow[] rows = [new(Image(_planes[0], Height, Width), "a"), new(null!, "b")];
        Assert.Equal("Column 'Features', row 1 (counted from 0 in the data view) has no image. Drop such rows, or load an image for them.",
            Assert.Throws<InvalidDataException>(() => Rows.Read(Rows.Keyed(Rows.Ml.Data.LoadFromEnumerable(rows)))).Message);
    }

    [Theory]
    [InlineData(0.5f)]
    [InlineData(256)]
    [InlineData(-1)]
    public void One_number_that_is_no_byte_widens_all_rows(float odd)
    {
        var random = new Random(3);
        var rows = Enumerable.Range(0, 40).Select(row => Enumerable.Range(0, 48).Select(_ => (float)random.Next(256)).ToArray()).ToArray();
        rows[25][44] = odd;
        var view = Rows.View(48, [.. rows.Select((row, i) => (row, i % 2 == 0 ? "a" : "b", ""))]);
        foreach (long budget in new[] { Rows.Gigabyte, 25 * 48 + 10, 48 })
        {
            using var set = Rows.Read(view, input: new() { Height = 4, Width = 4 }, budget: budget);
            Assert.Equal(ScalarType.Float32, set.StoredType);
            Assert.Equal(budget == Rows.Gigabyte, set.IsInMemory);
            Assert.Equal(rows, Rows.Features(set));
        }
    }

    [Fact]
    public void Every_byte_survives_packing()
    {
        float[] all = [.. Enumerable.Range(0, 256).Select(value => (float)value)];
        using var set = Rows.Read(Rows.View(256, (all, "a", ""), ([.. all.Reverse()], "b", "")), input: new() { Height = 16, Width = 16 });
        Assert.Equal(ScalarType.Byte, set.StoredType);
        Assert.Equal([all, [.. all.Reverse()]], Rows.Features(set));
    }

    private EstimatorChain<ITransformer> Files(byte[][] images)
    {
        for (int i = 0; i < images.Length; i++)
            Save(images[i], Height, Width, $"{i}.png");
        return new EstimatorChain<ITransformer>().Append<ITransformer>(Rows.Ml.Transforms.Conversion.MapValueToKey("Label"))
            .Append<ITransformer>(Rows.Ml.Transforms.LoadImages("Raw", _folder, "Path"))
            .Append<ITransformer>(Rows.Ml.Transforms.ResizeImages("Image", Width, Height, "Raw"));
    }

    private void Save(byte[] planes, int height, int width, string name)
    {
        using var image = Image(planes, height, width);
        image.Save(Path.Combine(_folder, name));
    }

    private IDataView Paths() =>
        Rows.Ml.Data.LoadFromEnumerable(_planes.Select((_, i) => new PathRow { Path = $"{i}.png", Label = i % 2 == 0 ? "a" : "b" }));

    private static byte[] Planes(int seed, int height, int width)
    {
        var bytes = new byte[3 * height * width];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    private static MLImage Image(byte[] planes, int height, int width, MLPixelFormat format = MLPixelFormat.Rgba32)
    {
        int plane = height * width;
        var pixels = new byte[4 * plane];
        for (int i = 0; i < plane; i++)
        {
            for (int c = 0; c < 3; c++)
                pixels[4 * i + (format == MLPixelFormat.Rgba32 ? c : 2 - c)] = planes[c * plane + i];
            pixels[4 * i + 3] = 255;
        }
        return MLImage.CreateFromPixels(width, height, format, pixels);
    }

    private sealed class PathRow
    {
        public string? Path { get; set; }

        public string? Label { get; set; }
    }

    private sealed class ImageRow(MLImage image, string label)
    {
        [ImageType(Height, Width)]
        public MLImage Features { get; set; } = image;

        public string Label { get; set; } = label;
    }
}
