using System.Numerics;
using Microsoft.ML.Data;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// Takes red, green and blue, 0 to 255, from an image; alpha is left out, as <c>ExtractPixels</c> leaves it out by default.
/// </summary>
internal static class RgbPixels
{
    private const int BytesPerPixel = 4;

    /// <summary>Copies an image of 32 bits a pixel; the image stays the caller's.</summary>
    /// <param name="image">The image.</param>
    /// <param name="column">The column that it comes from, for the message.</param>
    /// <param name="destination">Receives height × width × 3 numbers.</param>
    /// <param name="layout">Whether the channels are planes or interleaved.</param>
    /// <exception cref="InvalidDataException">The image's pixels are of another format.</exception>
    public static void Copy<T>(MLImage image, string column, Span<T> destination, ImageLayout layout)
        where T : struct, INumberBase<T> => Copy(image.Pixels, image.PixelFormat, column, destination, layout);

    /// <summary>Copies pixels of 32 bits.</summary>
    /// <param name="pixels">The pixels, row by row.</param>
    /// <param name="format">Their format.</param>
    /// <param name="column">The column that they come from, for the message.</param>
    /// <param name="destination">Receives 3 numbers for each pixel.</param>
    /// <param name="layout">Whether the channels are planes or interleaved.</param>
    /// <exception cref="InvalidDataException">The pixels are of another format.</exception>
    public static void Copy<T>(ReadOnlySpan<byte> pixels, MLPixelFormat format, string column, Span<T> destination, ImageLayout layout)
        where T : struct, INumberBase<T>
    {
        (int red, int blue) = format switch
        {
            MLPixelFormat.Rgba32 => (0, 2),
            MLPixelFormat.Bgra32 => (2, 0),
            _ => throw new InvalidDataException($"Column '{column}' has images of pixel format {format}; expected Rgba32 or Bgra32."),
        };
        int count = pixels.Length / BytesPerPixel;
        (int step, int channel) = layout == ImageLayout.ChannelsFirst ? (1, count) : (3, 1);
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> pixel = pixels.Slice(BytesPerPixel * i, BytesPerPixel);
            destination[i * step] = T.CreateTruncating(pixel[red]);
            destination[i * step + channel] = T.CreateTruncating(pixel[1]);
            destination[i * step + 2 * channel] = T.CreateTruncating(pixel[blue]);
        }
    }

    /// <summary>Makes an opaque image, the caller's to dispose.</summary>
    /// <param name="planes">Red, green and blue, 0 to 255, one plane after another; they are rounded.</param>
    /// <param name="height">Height in pixels.</param>
    /// <param name="width">Width in pixels.</param>
    public static MLImage Image(ReadOnlySpan<float> planes, int height, int width)
    {
        int count = height * width;
        var pixels = new byte[BytesPerPixel * count];
        for (int i = 0; i < count; i++)
        {
            for (int channel = 0; channel < 3; channel++)
                pixels[BytesPerPixel * i + channel] = (byte)MathF.Round(planes[channel * count + i]);
            pixels[BytesPerPixel * i + 3] = byte.MaxValue;
        }

        return MLImage.CreateFromPixels(width, height, MLPixelFormat.Rgba32, pixels);
    }
}
