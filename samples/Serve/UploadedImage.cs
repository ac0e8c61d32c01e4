using System.Runtime.InteropServices;
using Microsoft.ML.Data;
using SkiaSharp;

namespace Serve;

/// <summary>Makes an image of uploaded bytes. Nothing is decoded before the image's head has told its size.</summary>
internal static class UploadedImage
{
    /// <summary>Reads a request's body.</summary>
    /// <param name="body">The bytes of a PNG, JPEG, GIF, BMP or WebP file.</param>
    /// <param name="maxPixels">The most pixels.</param>
    /// <param name="cancellation">Whether the client has left.</param>
    /// <returns>The image; the caller disposes it.</returns>
    /// <exception cref="BadHttpRequestException">It is no image, too large, or damaged.</exception>
    public static async Task<MLImage> ReadAsync(Stream body, long maxPixels, CancellationToken cancellation)
    {
        using var bytes = new MemoryStream();
        await body.CopyToAsync(bytes, cancellation); // the server's limit on bodies ends it
        bytes.Position = 0;
        if (bytes.Length == 0) throw new BadHttpRequestException("The body is empty; send the bytes of an image file.");
        using SKCodec codec = SKCodec.Create(bytes) ?? throw new BadHttpRequestException(
            "The body is no image; send the bytes of a PNG, JPEG, GIF, BMP or WebP file.");
        (int width, int height) = (codec.Info.Width, codec.Info.Height);
        if ((long)width * height > maxPixels)
            throw new BadHttpRequestException(
                $"The image has {width} × {height} pixels; at most {maxPixels} are read. Send a smaller one.",
                StatusCodes.Status413PayloadTooLarge);

        // As MLImage decodes a file, but what is cut off is an error here and no grey area.
        var info = new SKImageInfo(width, height, SKColorType.Bgra8888, codec.Info.IsOpaque ? SKAlphaType.Opaque : SKAlphaType.Premul);
        var pixels = new byte[info.BytesSize];
        GCHandle pinned = GCHandle.Alloc(pixels, GCHandleType.Pinned);
        try
        {
            SKCodecResult result = codec.GetPixels(info, pinned.AddrOfPinnedObject());
            if (result != SKCodecResult.Success)
                throw new BadHttpRequestException($"The image is damaged or cut off ({result}).");
        }
        finally
        {
            pinned.Free();
        }

        return MLImage.CreateFromPixels(width, height, MLPixelFormat.Bgra32, pixels);
    }
}
