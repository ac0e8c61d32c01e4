using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLSieve.Tests;

/// <summary>
/// Small images of three classes: the class says which of the channels red, green and blue is the brightest, under noise.
/// </summary>
internal sealed class Picture
{
    public const int Side = 8;

    [VectorType(3, Side, Side)]
    public float[] Pixels { get; set; } = [];

    public string Class { get; set; } = "";

    [VectorType(3)]
    public float[] TeacherScore { get; set; } = [];

    public static Picture[] Draw(int count, int seed = 1)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(i => new Picture
        {
            Class = $"{i % 3}",
            Pixels =
            [
                .. Enumerable.Range(0, 3 * Side * Side).Select(p => (float)(80 * (p / (Side * Side) == i % 3 ? 1 : 0) + random.Next(100))),
            ],
            TeacherScore = [.. Enumerable.Range(0, 3).Select(c => c == i % 3 ? 3f : 0)],
        })];
    }

    /// <summary>Images as a view with the key column Label.</summary>
    public static IDataView View(MLContext ml, int count = 60, int seed = 1)
    {
        IDataView view = ml.Data.LoadFromEnumerable(Draw(count, seed));
        return ml.Transforms.Conversion.MapValueToKey("Label", nameof(Class)).Fit(view).Transform(view);
    }
}
