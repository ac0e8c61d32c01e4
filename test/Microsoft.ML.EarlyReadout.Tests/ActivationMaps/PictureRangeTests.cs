using System.Text.RegularExpressions;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.Transforms.Image;

namespace MLSieve.Tests;

/// <summary>Pictures in overlays and reports look as the user's files do, however the numbers of the feature column were scaled.</summary>
public sealed partial class PictureRangeTests : IDisposable
{
    private readonly MLContext _ml = new(seed: 1);
    private readonly ImageFolder _folder = new(12);

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(0, 1)]
    [InlineData(0, 1 / 255f)]
    [InlineData(127.5f, 1 / 127.5f)]
    [InlineData(120, 1)]
    [InlineData(120, 1 / 60f)]
    public void An_overlay_over_scaled_pixels_is_the_picture_in_grey(float offset, float scale)
    {
        BlackAndWhite();
        IDataView rows = _folder.Pixels(offset, scale);
        using EarlyReadoutTransformer model = Trained(rows);
        IDataView painted = ImageFolder.Apply(_ml.Transforms.ClassActivationMap("Map", model)
            .Append(_ml.Transforms.ActivationMapOverlay("Overlay", "Pixels", "Map", opacity: 0)), rows);
        AssertGrey(painted);
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(0, 1 / 255f)]
    [InlineData(127.5f, 1 / 127.5f)]
    public void Where_no_model_says_the_range_a_picture_s_own_numbers_do(float offset, float scale)
    {
        BlackAndWhite();
        IDataView rows = _folder.Pixels(offset, scale);
        IDataView mapped = ImageFolder.Apply(_ml.Transforms.CustomMapping<Nothing, Flat>((_, map) => map.Map = [0, 0, 0, 0], null), rows);
        AssertGrey(ImageFolder.Apply(_ml.Transforms.ActivationMapOverlay("Overlay", "Pixels", "Map", opacity: 0), mapped));
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(0, 1 / 255f)]
    [InlineData(127.5f, 1 / 127.5f)]
    public void A_report_shows_the_users_pictures(float offset, float scale)
    {
        BlackAndWhite();
        IDataView rows = _folder.Pixels(offset, scale);
        using EarlyReadoutTransformer model = Trained(rows);
        string html = _ml.MulticlassClassification.CreateReport(rows, [new ReportedModel("plain", model)],
            new ReportOptions { Pictures = 12 }).Html;
        HashSet<string> originals = [.. _folder.Rows.Select((_, row) => Convert.ToHexString(Rgb(MLImage.CreateFromFile(_folder[row]))))];
        string[] shown = [.. PngPattern().Matches(html).Select(match =>
            Convert.ToHexString(Shrunk(Convert.FromBase64String(match.Groups[1].Value))))];
        Assert.NotEmpty(shown);
        // Each row has its picture, and beside it the same under a map, which is no original.
        Assert.True(shown.Count(originals.Contains) >= shown.Length / 2,
            $"{shown.Count(originals.Contains)} of {shown.Length} pictures are the user's.");
        Assert.NotEqual(0, shown.Count(originals.Contains));
    }

    [Fact]
    public void Of_four_channels_alpha_is_left_out()
    {
        IDataView four = ImageFolder.Apply(_ml.Transforms.ExtractPixels("Pixels", "Image", ImagePixelExtractingEstimator.ColorBits.All),
            _folder.Sized());
        float[] first = four.GetColumn<float[]>("Pixels").First();
        byte[] painted = InterleavedPixels.Of(first, FeatureShape.Image(4, ImageFolder.Height, ImageFolder.Width), PixelRange.Bytes);
        Assert.Equal(Rgb(MLImage.CreateFromFile(_folder[0])), painted);
    }

    /// <summary>Lets the first picture have a black and a white pixel, as photographs do: numbers of an unknown range are shown from the
    /// smallest to the largest.</summary>
    private void BlackAndWhite()
    {
        for (int row = 0; row < 12; row++)
        {
            using MLImage image = MLImage.CreateFromFile(_folder[row]);
            byte[] pixels = new byte[4 * image.Width * image.Height];
            byte[] rgb = Rgb(image);
            for (int i = 0; i < pixels.Length; i++) pixels[i] = i % 4 == 3 ? byte.MaxValue : i < 4 ? (byte)0 : i < 8 ? byte.MaxValue
                : rgb[i / 4 * 3 + i % 4];
            using MLImage painted = MLImage.CreateFromPixels(image.Width, image.Height, MLPixelFormat.Rgba32, pixels);
            painted.Save(_folder[row]);
        }
    }

    private void AssertGrey(IDataView painted)
    {
        int row = 0;
        foreach (MLImage overlay in painted.GetColumn<MLImage>("Overlay"))
        {
            byte[] expected = [.. Rgb(MLImage.CreateFromFile(_folder[row++])).Chunk(3).Select(pixel =>
                (byte)Math.Round(0.299 * pixel[0] + 0.587 * pixel[1] + 0.114 * pixel[2]))];
            Assert.Equal(expected, Rgb(overlay).Chunk(3).Select(pixel => pixel[0]));
            Assert.Equal(0, expected[0]);
            Assert.Equal(255, expected[1]);
        }

        Assert.Equal(12, row);
    }

    private EarlyReadoutTransformer Trained(IDataView rows)
    {
        var options = new EarlyReadoutEstimator.Options { FeatureColumnName = "Pixels", Epochs = 1,
            Network = new NetworkOptions { Kind = NetworkKind.ConvNet, Channels = [4] } };
        return _ml.Transforms.EarlyReadout(options).Fit(rows);
    }

    private static byte[] Rgb(MLImage image)
    {
        var rgb = new byte[3 * image.Height * image.Width];
        RgbPixels.Copy(image, "image", rgb.AsSpan(), ImageLayout.ChannelsLast);
        return rgb;
    }

    /// <summary>A picture of the page, which has grown by a whole factor, in its own size.</summary>
    private static byte[] Shrunk(byte[] png)
    {
        using var stream = new MemoryStream(png);
        using MLImage image = MLImage.CreateFromStream(stream);
        byte[] rgb = Rgb(image);
        int factor = image.Width / ImageFolder.Width;
        Assert.Equal((ImageFolder.Width * factor, ImageFolder.Height * factor), (image.Width, image.Height));
        return [.. Enumerable.Range(0, ImageFolder.Height * ImageFolder.Width).SelectMany(i =>
            rgb.Skip(3 * (i / ImageFolder.Width * factor * image.Width + i % ImageFolder.Width * factor)).Take(3))];
    }

    [GeneratedRegex("data:image/png;base64,([A-Za-z0-9+/=]+)")]
    private static partial Regex PngPattern();

    private sealed class Nothing { }

    private sealed class Flat
    {
        [VectorType(2, 2)]
        public float[] Map { get; set; } = [];
    }
}
