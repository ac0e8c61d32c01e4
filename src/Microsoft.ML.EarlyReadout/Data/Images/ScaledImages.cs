using Microsoft.ML.Data;
using SkiaSharp;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Decodes JPEG files at one of the scales that their blocks of 8 × 8 pixels give at less cost; other files in full.</summary>
/// <param name="folder">The folder that paths start from; empty where they are whole.</param>
/// <param name="minWidth">The width that is needed.</param>
/// <param name="minHeight">The height that is needed.</param>
internal sealed class ScaledImages(string folder, int minWidth, int minHeight)
{
    private const int Scales = 8;

    /// <summary>Loads an image, tagged with its whole path. What cannot be decoded fails as ML.NET's own loading does.</summary>
    public MLImage Load(string name)
    {
        string path = Path.Combine(folder, name);
        MLImage image = Scaled(path) ?? MLImage.CreateFromFile(path);
        image.Tag = path;
        return image;
    }

    private MLImage? Scaled(string path)
    {
        using SKCodec? codec = SKCodec.Create(path);
        if (codec is not { EncodedFormat: SKEncodedImageFormat.Jpeg }) return null;
        SKSizeI size = Enumerable.Range(1, Scales - 1).Select(scale => codec.GetScaledDimensions(scale / (float)Scales))
            .FirstOrDefault(scaled => scaled.Width >= minWidth && scaled.Height >= minHeight);
        if (size.Width == 0 || size == codec.Info.Size) return null;
        var info = new SKImageInfo(size.Width, size.Height, SKColorType.Rgba8888, SKAlphaType.Opaque);
        using var bitmap = new SKBitmap(info);
        return codec.GetPixels(info, bitmap.GetPixels()) == SKCodecResult.Success
            ? MLImage.CreateFromPixels(info.Width, info.Height, MLPixelFormat.Rgba32, bitmap.GetPixelSpan())
            : null;
    }
}
