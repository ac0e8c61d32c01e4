using SkiaSharp;

namespace Quickstart;

/// <summary>
/// Paints a sample: a shape of random place, size, angle, outline and grey on a tinted background, with noise over everything.
/// </summary>
internal static class ShapePainter
{
    /// <summary>Height and width of an image in pixels.</summary>
    public const int Side = 24;

    private const int ColourJitter = 40;
    private const int PixelNoise = 25;
    private const float MostRotation = 20; // degrees to either side

    private static readonly SKColor[] Tints = [new(70, 90, 190), new(60, 150, 80), new(200, 130, 50), new(150, 70, 170)];

    /// <summary>Paints one image. Equal samples give equal images.</summary>
    public static SKBitmap Paint(ShapeSample sample)
    {
        var random = new Random(sample.PaintSeed);
        var bitmap = new SKBitmap(new SKImageInfo(Side, Side, SKColorType.Rgba8888, SKAlphaType.Opaque));
        using var canvas = new SKCanvas(bitmap);
        canvas.Clear(Jitter(Tints[sample.Background], random));
        DrawShape(canvas, sample.Shape, random);
        canvas.Flush();
        AddNoise(bitmap, random);
        return bitmap;
    }

    private static void DrawShape(SKCanvas canvas, int shape, Random random)
    {
        // Light or dark at random, so that brightness says nothing about the class.
        byte grey = (byte)(random.Next(2) == 0 ? random.Next(0, 60) : random.Next(200, 256));
        using var pen = new SKPaint
        {
            Style = random.Next(2) == 0 ? SKPaintStyle.Stroke : SKPaintStyle.StrokeAndFill,
            StrokeWidth = Between(1.5f, 2.5f, random),
            Color = new SKColor(grey, grey, grey),
            IsAntialias = true,
        };
        float radius = Between(6, 9, random);
        canvas.Translate(Between(radius + 1, Side - radius - 1, random), Between(radius + 1, Side - radius - 1, random));
        canvas.RotateDegrees(Between(-MostRotation, MostRotation, random));
        using SKPath outline = ShapeOutlines.Create(shape, radius);
        canvas.DrawPath(outline, pen);
    }

    private static void AddNoise(SKBitmap bitmap, Random random)
    {
        SKColor[] pixels = bitmap.Pixels;
        for (int i = 0; i < pixels.Length; i++)
            pixels[i] = new SKColor(
                Shake(pixels[i].Red, PixelNoise, random), Shake(pixels[i].Green, PixelNoise, random),
                Shake(pixels[i].Blue, PixelNoise, random));
        bitmap.Pixels = pixels;
    }

    private static SKColor Jitter(SKColor colour, Random random) =>
        new(Shake(colour.Red, ColourJitter, random), Shake(colour.Green, ColourJitter, random), Shake(colour.Blue, ColourJitter, random));

    private static byte Shake(byte value, int most, Random random) => (byte)Math.Clamp(value + random.Next(-most, most + 1), 0, 255);

    private static float Between(float low, float high, Random random) => low + ((high - low) * random.NextSingle());
}
