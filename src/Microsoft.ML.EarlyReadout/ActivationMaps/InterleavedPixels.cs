namespace Microsoft.ML.EarlyReadout;

/// <summary>From the numbers of a feature column to bytes that can be painted: red, green, blue for each pixel in turn.</summary>
internal static class InterleavedPixels
{
    /// <param name="features">One example.</param>
    /// <param name="shape">Its shape; one channel is grey, and of four the first is left out: <c>ExtractPixels</c> writes alpha
    /// there.</param>
    /// <param name="range">Which numbers are black and white.</param>
    /// <returns>(height, width, 3).</returns>
    public static byte[] Of(ReadOnlySpan<float> features, ImageShape shape, PixelRange range)
    {
        float scale = byte.MaxValue / (range.White - range.Black);
        int red = shape.Channels == 4 ? 1 : 0;
        int count = shape.Height * shape.Width;
        (int step, int channel) = shape.Layout == ImageLayout.ChannelsFirst ? (1, count) : (shape.Channels, 1);
        var pixels = new byte[3 * count];
        for (int i = 0; i < count; i++)
            for (int c = 0; c < 3; c++)
                pixels[3 * i + c] = (byte)Math.Clamp(
                    MathF.Round((features[i * step + (shape.Channels < 3 ? 0 : red + c) * channel] - range.Black) * scale), 0,
                    byte.MaxValue);
        return pixels;
    }
}
