using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms;

namespace Sweep;

/// <summary>
/// A small picture: a cross or a ring, which is the label, on red or blue, which mostly gives it away in training. The colour is simple,
/// the shape is not.
/// </summary>
internal sealed class Picture
{
    private const int Side = 12, ShapeSide = 5;
    private static readonly string[] Shapes = ["cross", "ring"], Backgrounds = ["red", "blue"];

    /// <summary>Planes of red, green and blue, 0 to 255: (C, H, W).</summary>
    [VectorType(3, Side, Side)]
    public float[] Pixels { get; } = new float[3 * Side * Side];

    public string Shape { get; private set; } = "";

    public string Background { get; private set; } = "";

    /// <summary>Draws pictures. Equal seeds draw equal pictures: every process of a search must have the same rows.</summary>
    /// <param name="ml">The context.</param>
    /// <param name="count">How many.</param>
    /// <param name="agreement">How often the background is the one that goes with the shape.</param>
    /// <param name="seed">The seed.</param>
    public static IDataView Draw(MLContext ml, int count, double agreement, int seed)
    {
        var random = new Random(seed);
        Picture[] pictures = [.. Enumerable.Range(0, count).Select(_ => Draw(random, agreement))];
        IDataView rows = ml.Data.LoadFromEnumerable(pictures);
        return ml.Transforms.Conversion
            .MapValueToKey("Label", nameof(Shape), keyOrdinality: ValueToKeyMappingEstimator.KeyOrdinality.ByValue)
            .Fit(rows)
            .Transform(rows);
    }

    private static Picture Draw(Random random, double agreement)
    {
        int shape = random.Next(2), background = random.NextDouble() < agreement ? shape : 1 - shape;
        int left = random.Next(Side - ShapeSide), top = random.Next(Side - ShapeSide);
        var picture = new Picture { Shape = Shapes[shape], Background = Backgrounds[background] };
        for (int y = 0; y < Side; y++)
        {
            for (int x = 0; x < Side; x++)
            {
                bool drawn = IsDrawn(shape, x - left, y - top);
                for (int plane = 0; plane < 3; plane++)
                {
                    int light = drawn ? 150 : plane == 2 * background ? 110 : 50;
                    picture.Pixels[(plane * Side + y) * Side + x] = light + random.Next(60);
                }
            }
        }

        return picture;
    }

    private static bool IsDrawn(int shape, int x, int y)
    {
        if (x is < 0 or >= ShapeSide || y is < 0 or >= ShapeSide) return false;
        const int Middle = ShapeSide / 2, Edge = ShapeSide - 1;
        return shape == 0 ? x == Middle || y == Middle : x is 0 or Edge || y is 0 or Edge;
    }
}
