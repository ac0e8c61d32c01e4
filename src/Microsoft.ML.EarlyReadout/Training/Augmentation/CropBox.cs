namespace Microsoft.ML.EarlyReadout;

/// <summary>A part of an image, in whole pixels.</summary>
/// <param name="Top">The first row.</param>
/// <param name="Left">The first column.</param>
/// <param name="Height">Rows.</param>
/// <param name="Width">Columns.</param>
internal readonly record struct CropBox(int Top, int Left, int Height, int Width)
{
    private const double LeastRatio = 3.0 / 4, GreatestRatio = 4.0 / 3;
    private const int Tries = 10;

    /// <summary>Draws a part as torchvision's <c>RandomResizedCrop.get_params</c> does: by area and by the logarithm of width to height;
    /// what never fits in ten tries is the middle.</summary>
    /// <param name="height">The image's height.</param>
    /// <param name="width">Its width.</param>
    /// <param name="scale">The least part of its area.</param>
    /// <param name="random">What is drawn by.</param>
    public static CropBox Draw(int height, int width, double scale, ref SplitMix64 random)
    {
        for (int i = 0; i < Tries; i++)
        {
            double area = random.NextBetween(scale, 1) * height * width;
            double ratio = Math.Exp(random.NextBetween(Math.Log(LeastRatio), Math.Log(GreatestRatio)));
            (int h, int w) = ((int)Math.Round(Math.Sqrt(area / ratio)), (int)Math.Round(Math.Sqrt(area * ratio)));
            if (h < 1 || h > height || w < 1 || w > width) continue;
            return new(Offset(height - h, ref random), Offset(width - w, ref random), h, w);
        }

        return Middle(height, width);
    }

    /// <summary>The greatest part in the middle whose ratio of width to height is allowed.</summary>
    public static CropBox Middle(int height, int width)
    {
        double ratio = (double)width / height;
        (int h, int w) = ratio < LeastRatio ? ((int)Math.Round(width / LeastRatio), width)
            : ratio > GreatestRatio ? (height, (int)Math.Round(height * GreatestRatio))
            : (height, width);
        return new((height - h) / 2, (width - w) / 2, h, w);
    }

    private static int Offset(int most, ref SplitMix64 random) => (int)random.NextBelow((ulong)most + 1);
}
