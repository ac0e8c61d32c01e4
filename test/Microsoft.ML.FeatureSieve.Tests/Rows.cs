using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLSieve.Tests;

/// <summary>A small tabular problem that an Mlp learns in a few epochs: the class is the quarter of the plane; the cue names it in 95 rows of 100.</summary>
internal sealed class Row
{
    [VectorType(4)]
    public float[] Features { get; set; } = [];

    public string Class { get; set; } = "";

    public int Number { get; set; }

    public string Cue { get; set; } = "";

    public static Row[] Draw(int count, int seed = 1, int classes = 4)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => Draw(random, classes))];
    }

    private static Row Draw(Random random, int classes)
    {
        float x = random.NextSingle() * 2 - 1, y = random.NextSingle() * 2 - 1;
        int quarter = ((x > 0 ? 1 : 0) + (y > 0 ? 2 : 0)) % classes;
        int cue = random.NextDouble() < 0.95 ? quarter : random.Next(classes);
        return new Row
        {
            Features = [x, y, cue, random.NextSingle()],
            Class = $"quarter {quarter}",
            Number = 10 * quarter,
            Cue = cue == quarter ? "agrees" : "conflicts",
        };
    }

    public static IDataView View(MLContext ml, int count = 400, int seed = 1, string label = nameof(Class))
    {
        IDataView rows = ml.Data.LoadFromEnumerable(Draw(count, seed));
        return ml.Transforms.Conversion.MapValueToKey("Label", label, keyOrdinality: Microsoft.ML.Transforms.ValueToKeyMappingEstimator.KeyOrdinality.ByValue).Fit(rows).Transform(rows);
    }
}
