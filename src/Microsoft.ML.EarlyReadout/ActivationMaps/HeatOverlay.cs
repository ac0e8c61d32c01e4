namespace Microsoft.ML.EarlyReadout;

/// <summary>Paints a map over an image.</summary>
internal static class HeatOverlay
{
    /// <param name="pixels">The image, (height, width, 3).</param>
    /// <param name="height">Its height.</param>
    /// <param name="width">Its width.</param>
    /// <param name="map">The map, at least 0, (mapHeight, mapWidth).</param>
    /// <param name="mapHeight">The map's height.</param>
    /// <param name="mapWidth">The map's width.</param>
    /// <param name="opacity">How much of the image the map's highest place covers, from 0 to 1.</param>
    /// <returns>Red, green, blue, alpha: (height, width, 4).</returns>
    public static byte[] Paint(
        ReadOnlySpan<byte> pixels, int height, int width, ReadOnlySpan<float> map, int mapHeight, int mapWidth, double opacity)
    {
        float highest = 0;
        foreach (float value in map) highest = Math.Max(highest, value);
        var painted = new byte[4 * height * width];
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
            {
                int i = y * width + x;
                double heat = highest > 0 ? Interpolate(
                    map, mapHeight, mapWidth, (y + 0.5) * mapHeight / height - 0.5, (x + 0.5) * mapWidth / width - 0.5) / highest : 0;
                double grey = 0.299 * pixels[3 * i] + 0.587 * pixels[3 * i + 1] + 0.114 * pixels[3 * i + 2];
                (double red, double green, double blue) = HeatColours.At(heat);
                double cover = opacity * heat;
                painted[4 * i] = Mix(grey, red, cover);
                painted[4 * i + 1] = Mix(grey, green, cover);
                painted[4 * i + 2] = Mix(grey, blue, cover);
                painted[4 * i + 3] = byte.MaxValue;
            }
        }

        return painted;
    }

    private static byte Mix(double under, double over, double cover) => (byte)Math.Round(under + cover * (over - under));

    // Bilinear between the centres of the map's cells; beyond the outermost centres the edge goes on.
    private static double Interpolate(ReadOnlySpan<float> map, int height, int width, double y, double x)
    {
        (y, x) = (Math.Clamp(y, 0, height - 1), Math.Clamp(x, 0, width - 1));
        (int top, int left) = ((int)y, (int)x);
        (int bottom, int right) = (Math.Min(top + 1, height - 1), Math.Min(left + 1, width - 1));
        (double down, double along) = (y - top, x - left);
        double upper = map[top * width + left] * (1 - along) + map[top * width + right] * along;
        double lower = map[bottom * width + left] * (1 - along) + map[bottom * width + right] * along;
        return upper * (1 - down) + lower * down;
    }
}
