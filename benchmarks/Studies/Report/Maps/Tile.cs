using Microsoft.ML.Data;

namespace Studies;

/// <summary>A small image: red, green, blue, alpha, row by row.</summary>
/// <param name="Height">Its height in pixels.</param>
/// <param name="Width">Its width in pixels.</param>
/// <param name="Pixels">Its pixels.</param>
internal sealed record Tile(int Height, int Width, byte[] Pixels)
{
    private const int Channels = 4;
    private const byte Ground = 255;

    /// <summary>From numbers of 0 to 255, (3, height, width).</summary>
    public static Tile Of(float[] planes, int height, int width)
    {
        byte[] pixels = new byte[Channels * height * width];
        for (int place = 0; place < height * width; place++)
        {
            for (int colour = 0; colour < Channels - 1; colour++)
                pixels[(Channels * place) + colour] = (byte)planes[(colour * height * width) + place];
            pixels[(Channels * place) + Channels - 1] = byte.MaxValue;
        }

        return new Tile(height, width, pixels);
    }

    /// <summary>A copy of an image.</summary>
    public static Tile Of(MLImage image)
    {
        byte[] pixels = image.Pixels.ToArray();
        if (image.PixelFormat == MLPixelFormat.Bgra32)
            for (int place = 0; place < pixels.Length; place += Channels)
                (pixels[place], pixels[place + 2]) = (pixels[place + 2], pixels[place]);
        return new Tile(image.Height, image.Width, pixels);
    }

    /// <summary>Columns of equal tiles side by side, with white between.</summary>
    public static Tile Join(IReadOnlyList<IReadOnlyList<Tile>> columns, int gap)
    {
        (int height, int width, _) = columns[0][0];
        int rows = columns[0].Count;
        var joined = new Tile(
            (rows * (height + gap)) - gap, (columns.Count * (width + gap)) - gap,
            new byte[Channels * ((rows * (height + gap)) - gap) * ((columns.Count * (width + gap)) - gap)]);
        Array.Fill(joined.Pixels, Ground);
        foreach ((int column, IReadOnlyList<Tile> tiles) in columns.Index())
        {
            foreach ((int row, Tile tile) in tiles.Index())
            {
                for (int y = 0; y < height; y++)
                {
                    int to = (((row * (height + gap)) + y) * joined.Width) + (column * (width + gap));
                    tile.Pixels.AsSpan(Channels * y * width, Channels * width).CopyTo(joined.Pixels.AsSpan(Channels * to));
                }
            }
        }

        return joined;
    }

    /// <summary>Writes a file; its name's end says in which format.</summary>
    public void Save(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        using MLImage image = MLImage.CreateFromPixels(Width, Height, MLPixelFormat.Rgba32, Pixels);
        image.Save(path);
    }
}
