using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.FeatureSieve;

namespace MLSieve.Tests;

/// <summary>
/// A table as people have them: 700 rows, two classes 70:30, 60 columns one-hot and normalised, two groups a class. With nothing set but
/// the columns every method must learn it. The real tables of benchmarks/Studies say how well.
/// </summary>
public sealed class SmallTableTests
{
    private const int Rows = 700;
    private const int TestRows = 4000;
    private const int Categories = 13;
    private const int Levels = 4;
    private const int Numbers = 8;
    private const double FewPoints = 0.04;
    private readonly MLContext _ml = new(seed: 1);

    [Theory]
    [InlineData("plain")]
    [InlineData("sieve")]
    [InlineData("Just Train Twice")]
    [InlineData("debiased distillation")]
    public void Nothing_set_but_the_columns_is_within_a_few_points_of_logistic_regression(string method)
    {
        TableRow[] rows = Draw(Rows + TestRows);
        ITransformer keys = _ml.Transforms.Conversion.MapValueToKey("Label", nameof(TableRow.Class)).Fit(View(rows));
        IDataView train = keys.Transform(View(rows[..Rows])), test = keys.Transform(View(rows[Rows..]));
        ITransformer logistic = _ml.MulticlassClassification.Trainers.LbfgsMaximumEntropy().Fit(train);
        GroupMetrics expected = _ml.MulticlassClassification.EvaluateByGroup(logistic.Transform(test), nameof(TableRow.Attribute));
        Assert.True(expected.UnbiasedAccuracy > 0.65, "Logistic regression itself learns nothing: the table tests nothing.");
        Assert.InRange(rows.Count(row => row.Class == "bad"), 0.25 * rows.Length, 0.35 * rows.Length);

        using EarlyReadoutTransformer model = method switch
        {
            "plain" => _ml.Transforms.EarlyReadout().Fit(train),
            "sieve" => _ml.MulticlassClassification.Trainers.FeatureSieve().Fit(train),
            "Just Train Twice" => _ml.Transforms.EarlyReadout(
                new EarlyReadoutEstimator.Options { Objective = { Kind = ObjectiveKind.JustTrainTwice } }).Fit(train),
            _ => _ml.MulticlassClassification.Trainers.DebiasedDistillation(
                new DebiasedDistillationTrainer.Options { Teacher = { Model = logistic } }).Fit(train),
        };
        GroupMetrics groups = _ml.MulticlassClassification.EvaluateByGroup(model.Transform(test), nameof(TableRow.Attribute));
        Assert.True(
            groups.WorstGroupAccuracy > 0.3,
            $"The worst group has {groups.WorstGroupAccuracy:P1}: nearly all rows get one class.\n{groups}");
        Assert.True(groups.UnbiasedAccuracy > expected.UnbiasedAccuracy - FewPoints, $"{groups}\nlogistic regression:\n{expected}");
    }

    private IDataView View(TableRow[] rows) => _ml.Data.LoadFromEnumerable(rows);

    private static TableRow[] Draw(int count)
    {
        var random = new Random(5);
        double[] effects = [.. Enumerable.Range(0, Categories * Levels + Numbers).Select(_ => Normal() * 0.6)];
        return [.. Enumerable.Range(0, count).Select(_ => Row())];

        TableRow Row()
        {
            bool attribute = random.NextDouble() < 0.6;
            var features = new float[Categories * Levels + Numbers];
            // some levels are rare
            for (int c = 0; c < Categories; c++) features[c * Levels + Math.Min(random.Next(Levels), random.Next(Levels))] = 1;
            for (int i = 0; i < Numbers; i++) features[Categories * Levels + i] = (float)Normal();
            double logit = -3.9 + (attribute ? 0.4 : -0.4) + features.Select((value, i) => value * effects[i]).Sum();
            return new TableRow
            {
                Features = features,
                Class = random.NextDouble() < 1 / (1 + Math.Exp(-logit)) ? "bad" : "good",
                Attribute = attribute,
            };
        }

        double Normal() => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
    }

    private sealed class TableRow
    {
        [VectorType(Categories * Levels + Numbers)]
        public float[] Features { get; set; } = [];

        public string Class { get; set; } = "";

        public bool Attribute { get; set; }
    }
}
