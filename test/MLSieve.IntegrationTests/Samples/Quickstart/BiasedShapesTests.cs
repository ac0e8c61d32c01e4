using Quickstart;
using SkiaSharp;

namespace MLSieve.Tests;

public sealed class BiasedShapesTests
{
    [Theory]
    [InlineData(0.95)]
    [InlineData(0.25)]
    [InlineData(1)]
    public void The_background_agrees_as_often_as_asked(double strength)
    {
        IReadOnlyList<ShapeSample> samples = BiasedShapes.Draw(8_000, strength, seed: 1);
        double tolerance = 4 * Math.Sqrt(strength * (1 - strength) / samples.Count);
        Assert.InRange(samples.Count(sample => sample.Agrees) / 8_000.0, strength - tolerance, strength + tolerance);
        Assert.All(samples.GroupBy(sample => sample.Shape), shape => Assert.Equal(2_000, shape.Count()));
    }

    [Fact]
    public void Equal_seeds_draw_equal_samples_and_paint_equal_pixels()
    {
        IReadOnlyList<ShapeSample> samples = BiasedShapes.Draw(50, 0.9, seed: 5);
        Assert.Equal(samples, BiasedShapes.Draw(50, 0.9, seed: 5));
        Assert.NotEqual(samples, BiasedShapes.Draw(50, 0.9, seed: 6));
        using SKBitmap first = ShapePainter.Paint(samples[0]);
        using SKBitmap again = ShapePainter.Paint(samples[0]);
        using SKBitmap other = ShapePainter.Paint(samples[1]);
        Assert.Equal(first.Bytes, again.Bytes);
        Assert.NotEqual(first.Bytes, other.Bytes);
    }

    [Fact]
    public void The_mean_colour_betrays_the_background_and_not_the_shape()
    {
        // Nearest mean colour, learned on one half: a simple feature finds the background, and knows no more of the shape than chance.
        ShapeSample[] samples = [.. BiasedShapes.Draw(800, BiasedShapes.Independent, seed: 2)];
        double[][] colours = [.. samples.Select(MeanColour)];
        Assert.True(NearestMeanAccuracy(colours, [.. samples.Select(sample => sample.Background)]) > 0.95);
        Assert.True(NearestMeanAccuracy(colours, [.. samples.Select(sample => sample.Shape)]) < 0.35);
    }

    private static double[] MeanColour(ShapeSample sample)
    {
        using SKBitmap bitmap = ShapePainter.Paint(sample);
        SKColor[] pixels = bitmap.Pixels;
        return [pixels.Average(pixel => pixel.Red), pixels.Average(pixel => pixel.Green), pixels.Average(pixel => pixel.Blue)];
    }

    private static double NearestMeanAccuracy(double[][] points, int[] classes)
    {
        int half = points.Length / 2;
        double[][] means = [.. Enumerable.Range(0, 4).Select(c =>
        {
            double[][] own = [.. Enumerable.Range(0, half).Where(i => classes[i] == c).Select(i => points[i])];
            return Enumerable.Range(0, 3).Select(d => own.Average(point => point[d])).ToArray();
        })];
        return Enumerable.Range(half, half)
            .Count(i => classes[i] == Enumerable.Range(0, 4).MinBy(c => points[i].Zip(means[c], (a, b) => (a - b) * (a - b)).Sum()))
            / (double)half;
    }
}
