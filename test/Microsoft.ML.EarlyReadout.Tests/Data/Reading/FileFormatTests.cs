using System.Buffers.Binary;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;
using SkiaSharp;

namespace MLSieve.Tests;

/// <summary>What a file says beside its pixels: how they are turned, and how opaque they are. Training, Transform and a saved model take it
/// alike.</summary>
public sealed class FileFormatTests : IDisposable
{
    private const int Width = 16;
    private const int Height = 8;
    private readonly ImageFolder _folder = new(0);

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(6)]
    [InlineData(8)]
    public void Images_are_not_turned_by_their_Exif_orientation(byte orientation)
    {
        byte[] jpeg = Jpeg();
        AddFile("plain.jpg", jpeg, 0);
        AddFile("turned.jpg", WithOrientation(jpeg, orientation), 1);
        AddFile("plain-again.jpg", jpeg, 2);
        using (SKCodec codec = SKCodec.Create(_folder[1])) Assert.Equal((SKEncodedOrigin)orientation, codec.EncodedOrigin);

        byte[][] read = Trained();
        Assert.Equal(read[0], read[1]);
        Assert.InRange(read[0][0], 200, 255); // red is left, as it is stored
        Assert.InRange(read[0][Width - 1], 0, 55);
        float[][] scores = ScoredAlike();
        Assert.Equal(scores[0], scores[1]);
    }

    [Fact]
    public void Colours_are_multiplied_by_their_opacity_as_over_black()
    {
        AddFile("opaque.png", Png(255), 0);
        AddFile("half.png", Png(128), 1);
        AddFile("clear.png", Png(0), 2);
        byte[][] read = Trained();
        Assert.Equal([(255, 0, 0), (128, 0, 0), (0, 0, 0)], read.Select(planes =>
            ((int)planes[0], (int)planes[Width * Height], (int)planes[2 * Width * Height])));
        Assert.Equal(3, ScoredAlike().Select(row => row[0]).Distinct().Count());
    }

    [Theory]
    [InlineData("II*\0")]
    [InlineData("MM\0*")]
    public void A_TIFF_is_named_with_what_to_do(string head)
    {
        AddFile("plain.jpg", Jpeg(), 0);
        AddFile("scan.png", [.. head.Select(letter => (byte)letter), 8, 0, 0, 0, 0, 0, 0, 0], 1);
        string message = Assert.Throws<InvalidDataException>(() => Trained()).Message;
        Assert.Contains(
            $"'{_folder[1]}' is a TIFF, which ML.NET does not decode: save it as PNG or JPEG", message, StringComparison.Ordinal);
    }

    private byte[][] Trained()
    {
        using TrainingSet set = Rows.Read(Sized(), new TrainingColumns("Image", "Label"));
        return [.. Rows.Features(set).Select(row => Array.ConvertAll(row, value => (byte)value))];
    }

    /// <summary>The scores of Transform, which must be those of the saved model.</summary>
    private float[][] ScoredAlike()
    {
        using EarlyReadoutTransformer model = new RandomClassifier { Feature = "Image" }.Fit(Sized());
        float[][] ours = [.. model.Transform(Sized()).GetColumn<float[]>("Score")];
        using TransformerChain<ITransformer> stock = TransformTests.Reload(model, Sized().Schema);
        float[][] byRow = [.. stock.Transform(Sized()).GetColumn<float[]>("Score")];
        Assert.All(ours.Zip(byRow), row => Assert.All(row.First.Zip(row.Second), score => Assert.Equal(score.Second, score.First, 1e-5)));
        return ours;
    }

    private IDataView Sized() => ImageFolder.Apply(_folder.Ml.Transforms.ResizeImages("Image", Width, Height), _folder.Images());

    private void AddFile(string name, byte[] file, int c)
    {
        _folder.Add(name, new byte[4 * Width * Height], c, Height, Width);
        File.WriteAllBytes(Path.Combine(_folder.Root, name), file);
    }

    /// <summary>Red on the left, blue on the right.</summary>
    private static byte[] Jpeg()
    {
        using var bitmap = new SKBitmap(Width, Height);
        for (int place = 0; place < Width * Height; place++)
            bitmap.SetPixel(place % Width, place / Width, place % Width < Width / 2 ? SKColors.Red : SKColors.Blue);
        using SKData data = bitmap.Encode(SKEncodedImageFormat.Jpeg, 100);
        return data.ToArray();
    }

    private static byte[] Png(byte alpha)
    {
        using var bitmap = new SKBitmap(new SKImageInfo(Width, Height, SKColorType.Rgba8888, SKAlphaType.Unpremul));
        bitmap.Erase(new SKColor(255, 0, 0, alpha));
        using SKData data = bitmap.Encode(SKEncodedImageFormat.Png, 100);
        return data.ToArray();
    }

    /// <summary>The file with a segment of Exif after its first marker: one entry, tag 0x0112.</summary>
    private static byte[] WithOrientation(byte[] jpeg, byte orientation)
    {
        byte[] exif = [.. "Exif\0\0"u8, .. "MM\0*"u8, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0, 0, 0, 0, 0];
        byte[] marker = [0xFF, 0xE1, 0, 0];
        BinaryPrimitives.WriteUInt16BigEndian(marker.AsSpan(2), (ushort)(exif.Length + 2));
        return [.. jpeg[..2], .. marker, .. exif, .. jpeg[2..]];
    }
}
