using System.Globalization;
using System.Runtime.InteropServices;
using SkiaSharp;

namespace Microsoft.ML.EarlyReadout;

/// <summary>An image that is small enough to be part of a page.</summary>
/// <param name="Pixels">Red, green, blue: (height, width, 3).</param>
/// <param name="Height">Height in pixels.</param>
/// <param name="Width">Width in pixels.</param>
internal sealed record Picture(byte[] Pixels, int Height, int Width)
{
    // The longer side on the page. A smaller image grows by a whole factor, so that its pixels stay what they are.
    private const int Side = 160;
    private const int JpegQuality = 82;
    private const double Opacity = 0.65;

    /// <summary>The image as a data URI.</summary>
    public string ToDataUri()
    {
        using SKBitmap bitmap = Bitmap(Opaque(Pixels), Height, Width);
        return Encode(bitmap);
    }

    /// <summary>The image under a map, as a data URI.</summary>
    public string ToDataUri(ActivationMap map)
    {
        using SKBitmap small = Bitmap(Opaque(Pixels), Height, Width);
        using SKBitmap sized = Resize(small);
        byte[] pixels = [.. sized.Bytes.Where((_, i) => i % 4 != 3)];
        using SKBitmap painted = Bitmap(
            HeatOverlay.Paint(pixels, sized.Height, sized.Width, map.Values, map.Height, map.Width, Opacity), sized.Height, sized.Width);
        return Encode(painted);
    }

    private static byte[] Opaque(byte[] rgb)
    {
        var rgba = new byte[rgb.Length / 3 * 4];
        for (int i = 0; i < rgba.Length; i++) rgba[i] = i % 4 == 3 ? byte.MaxValue : rgb[i / 4 * 3 + i % 4];
        return rgba;
    }

    private static SKBitmap Bitmap(byte[] rgba, int height, int width)
    {
        var bitmap = new SKBitmap(new SKImageInfo(width, height, SKColorType.Rgba8888, SKAlphaType.Opaque));
        Marshal.Copy(rgba, 0, bitmap.GetPixels(), rgba.Length);
        return bitmap;
    }

    private static SKBitmap Resize(SKBitmap bitmap)
    {
        int longer = Math.Max(bitmap.Width, bitmap.Height);
        double factor = longer < Side ? Math.Max(1, Side / longer) : (double)Side / longer;
        var size = new SKImageInfo(
            Math.Max(1, (int)Math.Round(bitmap.Width * factor)), Math.Max(1, (int)Math.Round(bitmap.Height * factor)), SKColorType.Rgba8888,
            SKAlphaType.Opaque);
        return bitmap.Resize(size, factor < 1 ? SKFilterQuality.High : SKFilterQuality.None);
    }

    // A small image is shown pixel by pixel and stays exact as PNG; a photograph is several times smaller as JPEG.
    private static string Encode(SKBitmap bitmap)
    {
        bool photograph = Math.Max(bitmap.Width, bitmap.Height) >= Side / 2;
        using SKBitmap sized = Resize(bitmap);
        using SKData data = photograph ? sized.Encode(SKEncodedImageFormat.Jpeg, JpegQuality) : sized.Encode(SKEncodedImageFormat.Png, 100);
        return string.Create(
            CultureInfo.InvariantCulture, $"data:image/{(photograph ? "jpeg" : "png")};base64,{Convert.ToBase64String(data.Span)}");
    }
}
