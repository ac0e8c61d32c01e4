using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms;

namespace MLSieve.Tests;

/// <summary>
/// A small tabular problem that an Mlp learns in a few epochs: the class is the quarter of the plane; the cue, the third feature, names it
/// in 95 rows of 100.
/// </summary>
internal sealed class BiasedRow
{
    [VectorType(4)]
    public float[] Features { get; set; } = [];

    public string Class { get; set; } = "";

    public int Number { get; set; }

    public string Cue { get; set; } = "";

    [VectorType(4)]
    public float[] TeacherScore { get; set; } = [];

    [VectorType(4)]
    public float[] TeacherFeatures { get; set; } = [];

    public static BiasedRow[] Draw(int count, int seed = 1)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => Draw(random))];
    }

    /// <summary>Rows as a view with the key column Label; the keys are in the order of the classes.</summary>
    public static IDataView View(MLContext ml, int count = 400, int seed = 1, string label = nameof(Class)) =>
        View(ml, Draw(count, seed), label);

    /// <summary>As <see cref="View(MLContext, int, int, string)"/>, of given rows.</summary>
    public static IDataView View(MLContext ml, IEnumerable<BiasedRow> rows, string label = nameof(Class))
    {
        IDataView view = ml.Data.LoadFromEnumerable(rows);
        return ml.Transforms.Conversion.MapValueToKey("Label", label, keyOrdinality: ValueToKeyMappingEstimator.KeyOrdinality.ByValue)
            .Fit(view)
            .Transform(view);
    }

    private static BiasedRow Draw(Random random)
    {
        float x = random.NextSingle() * 2 - 1, y = random.NextSingle() * 2 - 1;
        int quarter = (x > 0 ? 1 : 0) + (y > 0 ? 2 : 0);
        int cue = random.NextDouble() < 0.95 ? quarter : random.Next(4);
        var teacher = new float[4];
        teacher[quarter] = 3;
        return new BiasedRow
        {
            Features = [x, y, cue, random.NextSingle()],
            Class = $"quarter {quarter}",
            Number = 10 * quarter,
            Cue = cue == quarter ? "agrees" : "conflicts",
            TeacherScore = teacher,
            TeacherFeatures = new float[4],
        };
    }
}
