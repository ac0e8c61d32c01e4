using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.Transforms;
using Microsoft.ML.Transforms.Image;

namespace MLSieve.Tests;

/// <summary>
/// An image of 12×12, as pixels and as an image, whose class is the bright edge: left or right. Mirrored, it is of the other class.
/// </summary>
internal sealed class SideRow
{
    public const int Side = 12;

    [VectorType(3, Side, Side)]
    public float[] Pixels { get; set; } = [];

    [VectorType(10)]
    public float[] Flat { get; set; } = [];

    [ImageType(Side, Side)]
    public required MLImage Image { get; set; }

    public string Label { get; set; } = "";

    public float Hint { get; set; }

    [VectorType(2)]
    public float[] TeacherScore { get; set; } = [];

    public static IDataView View(MLContext ml, int count, int seed)
    {
        var random = new Random(seed);
        IDataView view = ml.Data.LoadFromEnumerable(Enumerable.Range(0, count).Select(i => Draw(random, i % 2)).ToArray());
        return ml.Transforms.Conversion.MapValueToKey("Label", keyOrdinality: ValueToKeyMappingEstimator.KeyOrdinality.ByValue)
            .Fit(view)
            .Transform(view);
    }

    private static SideRow Draw(Random random, int right)
    {
        float[] pixels = [.. Enumerable.Range(0, 3 * Side * Side)
            .Select(at => (float)random.Next(40) + (right == 1 ? at % Side >= 9 : at % Side < 3) switch { true => 160, false => 0 })];
        return new SideRow
        {
            Pixels = pixels,
            Flat = pixels[..10],
            Image = RgbPixels.Image(pixels, Side, Side),
            Label = $"{right}",
            Hint = right,
            TeacherScore = right == 1 ? [0, 1] : [1, 0],
        };
    }
}
