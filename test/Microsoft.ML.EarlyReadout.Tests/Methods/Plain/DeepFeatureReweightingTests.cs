using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;
using static TorchSharp.torch;

namespace MLSieve.Tests;

/// <summary>Deep feature reweighting against scikit-learn (test/golden/deep_feature_reweighting.py), and as a whole.</summary>
public sealed class DeepFeatureReweightingTests
{
    private readonly MLContext _ml = new(seed: 1);
    private readonly ConcurrentQueue<string> _log = new();

    public DeepFeatureReweightingTests() => _ml.Log += (_, entry) => _log.Enqueue(entry.RawMessage);

    public static MatrixTheoryData<int, string> GoldenCases => new([2, 3], ["1.0", "0.7", "0.3", "0.1", "0.07", "0.03"]);

    [Theory]
    [MemberData(nameof(GoldenCases))]
    public void A_sparse_logistic_regression_is_the_references(int classes, string strength)
    {
        using var golden = new GoldenCase(classes);
        float[][] expected = golden.Matrix($"first/{strength}");
        int[] subset = golden.Subsets[0];
        double[][] columns = golden.Scaler.Columns([.. subset.Select(row => golden.Embeddings[row])]);
        for (int k = 0; k < expected.Length; k++)
        {
            int positive = classes == 2 ? 1 : k;
            foreach (double start in new[] { 0, 0.5 }) // the optimum is one, wherever the search starts
            {
                double[] weights = [.. Enumerable.Repeat(start, columns.Length)];
                new SparseLogisticRegression(columns, CancellationToken.None).Fit(
                    [.. subset.Select(row => golden.Labels[row] == positive)], double.Parse(strength, CultureInfo.InvariantCulture),
                    weights);
                AssertNear(expected[k], weights, 1e-4);
                for (int j = 0; j < weights.Length; j++) Assert.Equal(expected[k][j] == 0, weights[j] == 0);
            }
        }
    }

    [Fact]
    public void A_cancellation_is_seen_before_each_row_of_the_Hessian_that_a_pass_over_the_columns_computes()
    {
        // Each of 64 columns tells of two rows: in the first pass all of them move.
        double[][] columns =
            [.. Enumerable.Range(0, 64).Select(j => Enumerable.Range(0, 128).Select(i => i / 2 == j ? 10.0 : 0).ToArray())];
        bool[] positive = [.. Enumerable.Repeat(true, 128)];
        double[] weights = new double[64];
        int looks = 0;
        var cancellation = new Cancellation(CancellationToken.None, () => ++looks == 40);
        Assert.Throws<OperationCanceledException>(() => new SparseLogisticRegression(columns, cancellation).Fit(positive, 1, weights));
        Assert.Equal(40, looks);
        Assert.All(weights, weight => Assert.Equal(0, weight)); // they change after the first pass
    }

    [Theory]
    [MemberData(nameof(GoldenCases))]
    public void The_folded_mean_over_subsets_decides_as_the_references(int classes, string strength)
    {
        using var golden = new GoldenCase(classes);
        float[][] expected = golden.Matrix($"decision/{strength}");
        var head = new ReweightedHead(golden.Embeddings, golden.Labels, classes, golden.Scaler, CancellationToken.None);
        head.Fit(golden.Subsets, 0.5); // what was fitted before changes nothing
        (double[][] weight, double[] bias) = head.Fit(golden.Subsets, double.Parse(strength, CultureInfo.InvariantCulture));
        Assert.Equal(classes, weight.Length);
        for (int row = 0; row < golden.Embeddings.Length; row++)
        {
            double[] scores = [.. weight.Zip(bias, (w, b) => w.Zip(golden.Embeddings[row], (factor, value) => factor * value).Sum() + b)];
            AssertNear(expected[row], classes == 2 ? [scores[1] - scores[0]] : scores, 1e-3);
        }
    }

    [Fact]
    public void The_scaler_is_the_references_however_the_rows_are_batched()
    {
        using var golden = new GoldenCase(2);
        foreach (int size in new[] { 1, 7, 300 })
        {
            StandardScaler scaler = StandardScaler.Of(golden.Embeddings.Chunk(size));
            AssertNear(golden.Vector("mean"), scaler.Mean, 1e-6);
            AssertNear(golden.Vector("deviation"), scaler.Deviation, 1e-6);
            Assert.Equal(1, scaler.Deviation[3]); // a feature that does not vary
        }
    }

    [Theory]
    [InlineData(NetworkKind.ConvNet)]
    [InlineData(NetworkKind.SqueezeNet11)] // its head ends in no linear layer
    public void The_head_of_an_image_network_is_fitted_and_survives_export(NetworkKind kind)
    {
        var random = new Random(5);
        DotRow[] rows = [.. Enumerable.Range(0, 120).Select(i => DotRow.Draw(random, i % 3))];
        IDataView view = DotRow.View(_ml, rows);
        var options = new EarlyReadoutEstimator.Options
        {
            FeatureColumnName = "Pixels",
            GroupColumnName = "Side",
            Network = { Kind = kind, Channels = [8, 8] },
            Objective = { Kind = ObjectiveKind.DeepFeatureReweighting, DeepFeatureReweighting = { Subsets = 2 } },
            ReadoutTiming = ReadoutTiming.Afterwards, // readouts see the network with its new head
            Epochs = 1,
            Seed = 3,
        };
        using EarlyReadoutTransformer model = _ml.Transforms.EarlyReadout(options).Fit(view); // the parity check compares network and graph
        double accuracy = _ml.MulticlassClassification.Evaluate(model.Transform(view)).MicroAccuracy;
        Assert.True(accuracy > (kind == NetworkKind.ConvNet ? 0.8 : 0.4), $"accuracy {accuracy:F3}");
    }

    [Fact]
    public void Rows_in_another_range_than_the_training_rows_are_named_before_the_network_is_trained()
    {
        var random = new Random(5);
        DotRow[] rows = [.. Enumerable.Range(0, 12).Select(i => DotRow.Draw(random, i % 3))];
        var options = new EarlyReadoutEstimator.Options
        {
            FeatureColumnName = "Pixels",
            GroupColumnName = "Side",
            Network = { Kind = NetworkKind.ConvNet, Channels = [8, 8] },
            Objective = { Kind = ObjectiveKind.DeepFeatureReweighting },
            Epochs = 1,
        };
        options.Objective.DeepFeatureReweighting.ReweightingSet = DotRow.View(_ml, rows);
        IDataView unit = DotRow.View(_ml, rows.Select(row =>
            new DotRow { Pixels = [.. row.Pixels.Select(pixel => pixel / 255)], Label = row.Label, Side = row.Side }));
        string message = Assert.Throws<ArgumentException>(() => _ml.Transforms.EarlyReadout(options).Fit(unit)).Message;
        Assert.StartsWith(
            "The feature column 'Pixels' of the rows of Objective.DeepFeatureReweighting.ReweightingSet has numbers from 0 to ", message,
            StringComparison.Ordinal);
        Assert.EndsWith(
            "; in the training rows the range is ZeroToOne. Make both by the same transforms.", message, StringComparison.Ordinal);
        Assert.DoesNotContain(_log, line => line.StartsWith("Epoch 1/", StringComparison.Ordinal));
    }

    [Fact]
    public void It_ends_as_good_as_another_librarys_regression_on_the_same_rows()
    {
        IDataView train = BiasedRow.View(_ml, count: 1000), test = BiasedRow.View(_ml, count: 2000, seed: 4);
        BiasedRow[] few = [.. BiasedRow.Draw(2000, seed: 9).GroupBy(row => (row.Class, row.Cue)).SelectMany(group => group.Take(12))];
        IDataView balanced = BiasedRow.View(_ml, few);
        EarlyReadoutEstimator.Options options = Options();
        options.Objective.DeepFeatureReweighting.ReweightingSet = balanced;
        using EarlyReadoutTransformer reweighted = _ml.Transforms.EarlyReadout(options).Fit(train);
        (options.Objective.Kind, options.Objective.DeepFeatureReweighting.ReweightingSet) = (ObjectiveKind.EmpiricalRisk, null);
        using EarlyReadoutTransformer plain = _ml.Transforms.EarlyReadout(options).Fit(train);

        string path = Path.Combine(Path.GetTempPath(), $"plain-{Guid.NewGuid():N}.onnx");
        plain.SaveAsOnnx(path);
        try
        {
            using var embed = _ml.Transforms.ApplyOnnxModel(["Embedding"], ["Features"], path).Fit(train);
            var regression = _ml.Transforms.NormalizeMeanVariance("Embedding", fixZero: false)
                .Append(_ml.MulticlassClassification.Trainers.LbfgsMaximumEntropy(
                    "Label", "Embedding", l1Regularization: 0.1f, l2Regularization: 0))
                .Fit(embed.Transform(balanced));
            double expected = Unbiased(regression.Transform(embed.Transform(test))), actual = Unbiased(reweighted.Transform(test));
            Assert.True(expected > 0.75, $"the regression has {expected:F3}");
            Assert.True(actual > expected - 0.03, $"{actual:F3}, the regression {expected:F3}");
        }
        finally
        {
            File.Delete(path);
        }

        double Unbiased(IDataView scored) => _ml.MulticlassClassification.EvaluateByGroup(scored, "Cue").UnbiasedAccuracy;
    }

    [Fact]
    public void One_strength_is_taken_as_it_is_and_validation_rows_choose_among_several()
    {
        IDataView train = BiasedRow.View(_ml);
        EarlyReadoutEstimator.Options options = Options();
        options.Objective.DeepFeatureReweighting.Strengths = [0.25];
        _ml.Transforms.EarlyReadout(options).Fit(train).Dispose();
        Assert.Contains(_log, line => line.Contains("20 times with C = 0.25", StringComparison.Ordinal));
        Assert.DoesNotContain(_log, line => line.Contains("worst group by C", StringComparison.Ordinal));

        options = Options();
        options.ValidationSet = BiasedRow.View(_ml, count: 300, seed: 2);
        options.Objective.DeepFeatureReweighting.Strengths = [1, 1e-6]; // the second leaves no coefficient: one class for every row
        _ml.Transforms.EarlyReadout(options).Fit(train).Dispose();
        Assert.Contains(_log, line => line.Contains("0.0000 at 1E-06", StringComparison.Ordinal));
        Assert.Contains(_log, line => line.Contains("20 times with C = 1,", StringComparison.Ordinal));
    }

    [Fact]
    public void Where_no_group_has_two_rows_the_first_strength_is_taken()
    {
        BiasedRow[] few = [.. BiasedRow.Draw(400).GroupBy(row => (row.Class, row.Cue)).Select(group => group.First())];
        EarlyReadoutEstimator.Options options = Options();
        options.Objective.DeepFeatureReweighting.ReweightingSet = BiasedRow.View(_ml, few);
        _ml.Transforms.EarlyReadout(options).Fit(BiasedRow.View(_ml)).Dispose();
        Assert.Contains(
            _log, line => line.Contains("C cannot be tuned, because no group has two rows. C = 1 is used.", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_resumed_training_that_has_lost_its_rows_or_had_none_is_told_so(bool wereGiven)
    {
        string folder = Directory.CreateTempSubdirectory("reweighting-").FullName;
        try
        {
            IDataView train = BiasedRow.View(_ml);
            _ml.Transforms.EarlyReadout(With(wereGiven)).Fit(train).Dispose();
            var fault = Assert.Throws<CheckpointMismatchException>(() => _ml.Transforms.EarlyReadout(With(!wereGiven)).Fit(train));
            string changed = wereGiven ? "was given and is not given" : "was not given and is given";
            Assert.Equal([$"Objective.DeepFeatureReweighting.ReweightingSet {changed}"], fault.Differences);
            Assert.StartsWith($"'{folder}' belongs to another training: ", fault.Message, StringComparison.Ordinal);
            _ml.Transforms.EarlyReadout(With(wereGiven)).Fit(train).Dispose();
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        EarlyReadoutEstimator.Options With(bool areGiven)
        {
            EarlyReadoutEstimator.Options options = Options();
            (options.Epochs, options.CheckpointDirectory) = (1, folder);
            (options.Objective.DeepFeatureReweighting.Strengths, options.Objective.DeepFeatureReweighting.Subsets) = ([1], 2);
            if (areGiven) options.Objective.DeepFeatureReweighting.ReweightingSet = BiasedRow.View(_ml, count: 300, seed: 9);
            return options;
        }
    }

    private static EarlyReadoutEstimator.Options Options() => new()
    {
        Taps = [],
        GroupColumnName = "Cue",
        Objective = { Kind = ObjectiveKind.DeepFeatureReweighting },
        Epochs = 6,
        Optimizer = { LearningRate = 0.05 },
        Seed = 3,
    };

    private static void AssertNear(float[] expected, double[] actual, double tolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        double largest = expected.Max(Math.Abs);
        for (int i = 0; i < expected.Length; i++) Assert.Equal(expected[i], actual[i], tolerance * Math.Max(1, largest));
    }

    private sealed class GoldenCase : IDisposable
    {
        private readonly SafetensorsFile _file = SafetensorsFile.Open(Golden.Path("deep_feature_reweighting.safetensors"));
        private readonly int _classes;

        public GoldenCase(int classes)
        {
            NativeBackend.EnsureLoaded();
            _classes = classes;
            Embeddings = Matrix("embeddings");
            Scaler = StandardScaler.Of([Embeddings]);
            using var scope = NewDisposeScope();
            Labels = [.. _file.Read($"{classes}/labels").data<long>().ToArray().Select(label => (int)label)];
            using Tensor subsets = _file.Read($"{classes}/subsets");
            Subsets = [.. subsets.data<long>().ToArray().Select(row => (int)row).Chunk((int)subsets.size(1))];
        }

        public float[][] Embeddings { get; }

        public int[] Labels { get; }

        public int[][] Subsets { get; }

        public StandardScaler Scaler { get; }

        public float[] Vector(string name) => Matrix(name).Single();

        public float[][] Matrix(string name)
        {
            using Tensor values = _file.Read($"{_classes}/{name}");
            return [.. values.data<float>().ToArray().Chunk((int)values.shape[^1])];
        }

        public void Dispose() => _file.Dispose();
    }

    /// <summary>A 32×32 image, bright on one third, whose other cue is which half is dark.</summary>
    private sealed class DotRow
    {
        [VectorType(3, 32, 32)]
        public float[] Pixels { get; set; } = [];

        public string Label { get; set; } = "";

        public string Side { get; set; } = "";

        public static DotRow Draw(Random random, int c)
        {
            bool left = random.NextDouble() < 0.5;
            float[] pixels = [.. Enumerable.Range(0, 3 * 32 * 32)
                .Select(i => (float)random.Next(60) + (i / 1024 == c ? 120 : 0) + (i % 32 < 16 == left ? 30 : 0))];
            return new DotRow { Pixels = pixels, Label = $"{c}", Side = left ? "left" : "right" };
        }

        public static IDataView View(MLContext ml, IEnumerable<DotRow> rows)
        {
            IDataView view = ml.Data.LoadFromEnumerable(rows);
            return ml.Transforms.Conversion.MapValueToKey("Label").Fit(view).Transform(view);
        }
    }
}
