using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.FeatureSieve;

namespace MLSieve.Tests;

/// <summary>
/// A small search of the sieve, run once for all tests of its report. Names of its classes and places are hostile to HTML.
/// </summary>
public sealed class SearchedSieve : IDisposable
{
    private readonly SearchResult<FeatureSieveTrainer.Options> _result;

    public SearchedSieve()
    {
        var ml = new MLContext(seed: 1);
        _result = ml.MulticlassClassification.SearchFeatureSieve(Options()).Run(View(ml, 160, 0.9, seed: 1), View(ml, 120, 0.5, seed: 2));
    }

    public SearchResult Result => _result;

    public void Dispose() => _result.Dispose();

    private static SieveSearchOptions Options() => new()
    {
        Trainer = { Network = { HiddenUnits = [8, 8] }, BatchSize = 16, Steps = 36, Optimizer = { LearningRate = 0.05 } },
        Trials = 9,
        ConfirmationSeeds = 3,
        GroupColumnName = nameof(Row.Place),
        Workers = 2,
    };

    private static IDataView View(MLContext ml, int count, double aligned, int seed)
    {
        IDataView view = ml.Data.LoadFromEnumerable(Draw(count, aligned, seed));
        return ml.Transforms.Conversion.MapValueToKey("Label", nameof(Row.Bird)).Fit(view).Transform(view);
    }

    /// <summary>The place gives the bird away in most training rows, and is easier to see than the bird.</summary>
    private static Row[] Draw(int count, double aligned, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(i =>
        {
            int bird = i % 2, place = random.NextDouble() < aligned ? bird : 1 - bird;
            return new Row
            {
                Features = [Near(bird, 2), Near(bird, 2), Near(place, 0.3), Near(0, 1)],
                Bird = bird == 0 ? ReportedModels.Hostile : "waterbird",
                Place = place == 0 ? "<b>land" : "water",
            };

            float Near(int value, double spread) =>
                (float)((2 * value) - 1 + (spread * (random.NextDouble() + random.NextDouble() + random.NextDouble() - 1.5)));
        })];
    }

    private sealed class Row
    {
        [VectorType(4)]
        public float[] Features { get; set; } = [];

        public string Bird { get; set; } = "";

        public string Place { get; set; } = "";
    }
}
