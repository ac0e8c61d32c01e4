using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms;

namespace MLSieve.Tests;

/// <summary>Birds on land and on water: the place gives the bird away in nine rows of ten, and the bird itself is harder to see.</summary>
internal sealed class PlaceRow
{
    [VectorType(4)]
    public float[] Features { get; set; } = [];

    public string Bird { get; set; } = "";

    public string Place { get; set; } = "";

    /// <summary>Rows as a view with the key column Label.</summary>
    /// <param name="ml">The context.</param>
    /// <param name="count">The number of rows.</param>
    /// <param name="seed">What they are drawn by.</param>
    /// <param name="aligned">The part of the rows whose place is the bird's own.</param>
    public static IDataView View(MLContext ml, int count, int seed, double aligned = 0.9) => View(ml, Draw(count, seed, aligned));

    /// <summary>As <see cref="View(MLContext, int, int, double)"/>, of given rows.</summary>
    public static IDataView View(MLContext ml, IEnumerable<PlaceRow> rows)
    {
        IDataView view = ml.Data.LoadFromEnumerable(rows);
        var keys = ml.Transforms.Conversion.MapValueToKey(
            "Label", nameof(Bird), keyOrdinality: ValueToKeyMappingEstimator.KeyOrdinality.ByValue);
        return keys.Fit(view).Transform(view);
    }

    public static PlaceRow[] Draw(int count, int seed, double aligned)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ =>
        {
            int bird = random.Next(2), place = random.NextDouble() < aligned ? bird : 1 - bird;
            return new PlaceRow
            {
                Features = [Near(bird, 0.8), Near(bird, 0.8), Near(place, 0.2), Near(0, 1)],
                Bird = bird == 0 ? "landbird" : "waterbird",
                Place = place == 0 ? "land" : "water",
            };
        })];

        float Near(int value, double spread) =>
            (float)((2 * value) - 1 + (spread * (random.NextDouble() + random.NextDouble() + random.NextDouble() - 1.5)));
    }
}
