using System.Diagnostics;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.EarlyReadout.Search;
using Microsoft.ML.FeatureSieve;

namespace MLSieve.Speed;

/// <summary>
/// What halving saves, and what it costs: one search of the sieve on a table with a shortcut, by halving with one worker and with two, and
/// with every trial trained in full. The steps do not depend on what else the machine does, nor do the figures; the times do. So a short
/// search warms up untimed, and the ways have two turns, the second in the opposite order.
/// </summary>
internal static class SearchSpeed
{
    private const int Trials = 27;
    private const int Steps = 1_800;
    private const int TrainingRows = 2_000;
    private const int ValidationRows = 2_000;

    public static void Run()
    {
        var ml = new MLContext(seed: 1);
        IDataView train = Draw(ml, TrainingRows, aligned: 0.95, seed: 1), validation = Draw(ml, ValidationRows, aligned: 0.5, seed: 2);
        NativeBackend.EnsureLoaded();
        Console.WriteLine(
            $"{Trials} trials and plain training, 2 seeds each, {Steps} steps, 5 fresh seeds; Mlp on {Row.Size} numbers, "
                + $"{TrainingRows:N0} rows");
        (string Name, HalvingOptions? Halving, int Workers)[] ways =
        [
            ("halving, 1 worker", new HalvingOptions(), 1),
            ("halving, 2 workers", new HalvingOptions(), 2),
            ("in full, 2 workers", null, 2),
        ];
        Search(new HalvingOptions(), workers: 2, trials: 2, steps: Steps / 10).Dispose();
        foreach ((string name, HalvingOptions? halving, int workers) in ways) Measure($"turn 1, {name}", halving, workers);
        foreach ((string name, HalvingOptions? halving, int workers) in ways.AsEnumerable().Reverse())
            Measure($"turn 2, {name}", halving, workers);

        SearchResult<FeatureSieveTrainer.Options> Search(HalvingOptions? halving, int workers, int trials, int steps) =>
            ml.MulticlassClassification.SearchFeatureSieve(new SieveSearchOptions
            {
                Trainer = { Network = { HiddenUnits = [64, 64] }, Steps = steps, ValidateEverySteps = steps / 18 },
                GroupColumnName = nameof(Row.Place),
                Trials = trials,
                Halving = halving,
                Workers = workers,
            }).Run(train, validation);

        void Measure(string name, HalvingOptions? halving, int workers)
        {
            using Process process = Process.GetCurrentProcess();
            TimeSpan before = process.TotalProcessorTime;
            var watch = Stopwatch.StartNew();
            using SearchResult<FeatureSieveTrainer.Options> result = Search(halving, workers, Trials, Steps);
            process.Refresh();
            double seconds = watch.Elapsed.TotalSeconds, processor = (process.TotalProcessorTime - before).TotalSeconds;
            long tried = result.Trials.Sum(trial => trial.Steps * trial.Runs.Count);
            long confirmed = Steps * result.Trials.Sum(trial => trial.Confirmation.Count);
            Console.WriteLine(
                FormattableString.Invariant($"{name}: {tried:N0} steps of trials and {confirmed:N0} of confirmation in {seconds:F0} s ")
                    + FormattableString.Invariant(
                        $"({processor:F0} s of processor), {3600 * result.Trials.Count / seconds:F0} trials an hour"));
            Console.WriteLine($"  {result.Verdict}");
            if (result.BestOther is not { } other) return;
            Console.WriteLine(
                FormattableString.Invariant($"  confirmed: plain {Mean(result.BestPlain):F4}, trial {other.Number} {Mean(other):F4}: ")
                    + string.Join(", ", other.Settings.Select(setting => $"{setting.Key} {setting.Value}")));
        }
    }

    private static double Mean(SearchTrial trial) => trial.Confirmation.Average(run => run.Score);

    /// <summary>
    /// Rows whose class is the exclusive or of two noisy signs; a third number tells it too, as often as the place is aligned with it.
    /// </summary>
    private static IDataView Draw(MLContext ml, int count, double aligned, int seed)
    {
        var random = new Random(seed);
        IDataView rows = ml.Data.LoadFromEnumerable(Enumerable.Range(0, count).Select(_ =>
        {
            bool first = random.Next(2) == 0, second = random.Next(2) == 0, label = first ^ second,
                place = random.NextDouble() < aligned ? label : !label;
            float[] features = [.. Enumerable.Range(0, Row.Size).Select(_ => Normal())];
            features[0] = (0.5f * features[0]) + (first ? 1 : -1);
            features[1] = (0.5f * features[1]) + (second ? 1 : -1);
            features[2] = (0.3f * features[2]) + (place ? 1 : -1);
            return new Row { Features = features, Label = label ? "yes" : "no", Place = place ? "there" : "here" };
        }).ToArray());
        return ml.Transforms.Conversion.MapValueToKey(
            "Label", keyOrdinality: Microsoft.ML.Transforms.ValueToKeyMappingEstimator.KeyOrdinality.ByValue)
            .Fit(rows).Transform(rows);

        float Normal() => (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()));
    }

    private sealed class Row
    {
        public const int Size = 16;

        [VectorType(Size)]
        public float[] Features { get; set; } = [];

        public string Label { get; set; } = "";

        public string Place { get; set; } = "";
    }
}
