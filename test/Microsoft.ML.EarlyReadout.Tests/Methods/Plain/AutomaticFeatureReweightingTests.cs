using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;
using TorchSharp;
using static TorchSharp.torch;

namespace MLSieve.Tests;

/// <summary>Automatic feature reweighting against PyTorch (test/golden/automatic_feature_reweighting.py), and as a whole.</summary>
public sealed class AutomaticFeatureReweightingTests
{
    private readonly MLContext _ml = new(seed: 1);
    private readonly ConcurrentQueue<string> _log = new();

    public AutomaticFeatureReweightingTests() => _ml.Log += (_, entry) => _log.Enqueue(entry.RawMessage);

    public static MatrixTheoryData<int, string> GoldenCases =>
        new([2, 3], ["0.0/0.0/0.02", "1.8/0.0/0.01", "10.0/0.2/0.02", "4.0/0.1/1.0"]);

    [Theory]
    [MemberData(nameof(GoldenCases))]
    public void Weights_and_layer_are_the_references(int classes, string setting)
    {
        NativeBackend.EnsureLoaded();
        using var leaks = NativeLeakCheck.Start();
        using DisposeScope scope = NewDisposeScope();
        using SafetensorsFile golden = SafetensorsFile.Open(Golden.Path("automatic_feature_reweighting.safetensors"));
        double[] numbers = [.. setting.Split('/').Select(number => double.Parse(number, CultureInfo.InvariantCulture))];
        (Tensor embeddings, Tensor labels) = (Read("embeddings"), Read("labels"));
        using var start = new Linear(Read("weight"), Read("bias"));

        float[] probabilities;
        using (no_grad()) probabilities = nn.functional.softmax(start.call(embeddings), 1).data<float>().ToArray();
        float[] weights = ReweightedRows.Weights(
            probabilities, [.. labels.data<long>().ToArray().Select(label => (int)label)], ReweightedRows.ByConfidence(numbers[0]));
        float[] expected = Read($"{setting.Split('/')[0]}/weights").data<float>().ToArray();
        Assert.Equal(1, weights.Sum(), 1e-5);
        Assert.All(expected.Zip(weights), pair => Assert.Equal(pair.First, pair.Second, 1e-6));

        using var descent = new LastLayerDescent(start, embeddings, labels, tensor(weights), numbers[2], numbers[1]);
        for (int step = 1; step <= 200; step++)
        {
            descent.Step();
            if (step is not (1 or 10 or 200)) continue;
            foreach ((string name, TorchSharp.Modules.Parameter parameter) in descent.Layer.named_parameters())
            {
                using Tensor distance = parameter.sub(Read($"{setting}/{step}/{name}")).abs().max();
                Assert.Equal(0, distance.ToSingle(), 1e-5);
            }
        }

        Tensor Read(string name) => golden.Read($"{classes}/{name}");
    }

    [Fact]
    public void Without_gamma_or_beta_each_class_counts_alike_whatever_the_network_says()
    {
        int[] labels = [0, 0, 0, 1, 2, 2];
        var random = new Random(1);
        float[] probabilities = [.. Enumerable.Range(0, labels.Length * 3).Select(_ => random.NextSingle())];
        float[] expected = [.. labels.Select(label => 1f / 3 / labels.Count(other => other == label))];
        foreach (ReweightedRows.RowCount counts in new[] { ReweightedRows.ByConfidence(0), new ReadoutWeighting(1, 0, null).Of })
        {
            float[] weights = ReweightedRows.Weights(probabilities, labels, counts);
            Assert.All(expected.Zip(weights), pair => Assert.Equal(pair.First, pair.Second, 1e-7));
        }
    }

    [Fact]
    public void A_row_that_a_readout_gets_wrong_with_confidence_counts_more()
    {
        float[] probabilities = [0.9f, 0.1f, 0.1f, 0.9f, 0.4f, 0.6f, 0.2f, 0.8f];
        float[] weights = ReweightedRows.Weights(probabilities, [0, 0, 0, 1], new ReadoutWeighting(1, 2, null).Of);
        double[] raw = [1 / 3.0, Math.Exp(2 * 0.8) / 3, Math.Exp(2 * 0.2) / 3, 1];
        Assert.All(raw.Zip(weights), pair => Assert.Equal(pair.First / raw.Sum(), pair.Second, 1e-6));
    }

    [Theory]
    [InlineData(ReweightingSource.Network)]
    [InlineData(ReweightingSource.Readout)]
    public void It_mends_a_network_that_a_cue_misleads_and_is_told_no_groups(ReweightingSource source)
    {
        IDataView train = BiasedRow.View(_ml, Misleading(2000, seed: 1)), test = BiasedRow.View(_ml, Misleading(2000, seed: 4));
        EarlyReadoutEstimator.Options options = Options(source);
        (double worst, double mean) = Groups(options);
        Assert.Contains(_log, line => line.Contains("the last layer is trained on 400 rows", StringComparison.Ordinal));
        options.Objective.Kind = ObjectiveKind.EmpiricalRisk;
        (double plainWorst, double plainMean) = Groups(options);
        Assert.True(
            worst > plainWorst + 0.1 && mean > plainMean + 0.05,
            $"worst {worst:F3}, mean {mean:F3}; plain {plainWorst:F3}, {plainMean:F3}");

        (double Worst, double Mean) Groups(EarlyReadoutEstimator.Options trainer)
        {
            using EarlyReadoutTransformer model = _ml.Transforms.EarlyReadout(trainer).Fit(train);
            var metrics = _ml.MulticlassClassification.EvaluateByGroup(model.Transform(test), "Cue");
            return (metrics.WorstGroupAccuracy, metrics.UnbiasedAccuracy);
        }

        // The cue is easier to see than the place in the plane.
        static BiasedRow[] Misleading(int count, int seed)
        {
            BiasedRow[] rows = BiasedRow.Draw(count, seed);
            float[] scales = [0.5f, 0.5f, 2, 1];
            foreach (BiasedRow row in rows) row.Features = [.. row.Features.Zip(scales, (value, scale) => value * scale)];
            return rows;
        }
    }

    [Fact]
    public void The_layer_of_the_best_pass_on_validation_rows_is_kept()
    {
        IDataView train = BiasedRow.View(_ml, count: 1000);
        EarlyReadoutEstimator.Options options = Options(ReweightingSource.Network);
        options.GroupColumnName = "Cue"; // for the choice alone
        (options.ValidationSet, options.Selection) = (BiasedRow.View(_ml, count: 300, seed: 2), SelectionMetric.UnbiasedAccuracy);
        using EarlyReadoutTransformer model = _ml.Transforms.EarlyReadout(options).Fit(train);
        string kept = Assert.Single(_log, line => line.StartsWith("Keeping the last layer of pass ", StringComparison.Ordinal));
        double told = double.Parse(kept.Split(' ')[^1].TrimEnd('.'), CultureInfo.InvariantCulture);
        Assert.Equal(told, MeanOfGroups(model), 1e-4);
        Assert.Equal(told, model.History.Refitted!.ValidationScore!.Value, 1e-4);
        Assert.Contains(
            "With its new last layer: validation UnbiasedAccuracy "
                + FormattableString.Invariant($"{model.History.Refitted.ValidationScore:F4}; it was ")
                + FormattableString.Invariant($"{model.History.Selected!.ValidationScore:F4}."),
            _log);

        int pass = int.Parse(kept.Split(' ')[6].TrimEnd(':'), CultureInfo.InvariantCulture);
        options.Objective.AutomaticFeatureReweighting.Epochs = pass; // the passes after it changed nothing
        using EarlyReadoutTransformer shorter = _ml.Transforms.EarlyReadout(options).Fit(train);
        Assert.Equal(Scores(model), Scores(shorter));

        float[] Scores(EarlyReadoutTransformer of) => [.. of.Transform(train).GetColumn<float[]>("Score").SelectMany(score => score)];

        double MeanOfGroups(EarlyReadoutTransformer of) =>
            _ml.MulticlassClassification.EvaluateByGroup(of.Transform(options.ValidationSet), "Cue").UnbiasedAccuracy;
    }

    [Fact]
    public void An_image_networks_head_is_trained_on_and_survives_export()
    {
        IDataView view = Picture.View(_ml, count: 120);
        var options = new EarlyReadoutEstimator.Options
        {
            FeatureColumnName = "Pixels",
            Network = { Kind = NetworkKind.ConvNet, Channels = [8, 8] },
            Objective = { Kind = ObjectiveKind.AutomaticFeatureReweighting, AutomaticFeatureReweighting = { Epochs = 20 } },
            ReadoutTiming = ReadoutTiming.Afterwards, // readouts see the network with its new head
            Epochs = 1,
            Seed = 3,
        };
        using EarlyReadoutTransformer model = _ml.Transforms.EarlyReadout(options).Fit(view); // the parity check compares network and graph
        options.Objective.AutomaticFeatureReweighting.Gamma = 0;
        using EarlyReadoutTransformer other = _ml.Transforms.EarlyReadout(options).Fit(view);
        Assert.NotEqual(Scores(model), Scores(other));

        float[] Scores(EarlyReadoutTransformer of) => [.. of.Transform(view).GetColumn<float[]>("Score").SelectMany(score => score)];
    }

    [Fact]
    public void What_cannot_be_done_is_said_before_anything_is_trained()
    {
        EarlyReadoutEstimator.Options options = Options(ReweightingSource.Readout);
        options.ReadoutTiming = ReadoutTiming.Afterwards;
        AssertFault("needs a readout that is trained together", () => _ml.Transforms.EarlyReadout(options));
        (options.ReadoutTiming, options.Taps) = (ReadoutTiming.Together, []);
        AssertFault("needs a readout that is trained together", () => _ml.Transforms.EarlyReadout(options));
        options = Options(ReweightingSource.Network);
        options.Objective.AutomaticFeatureReweighting.HeldOutFraction = 1;
        AssertFault("HeldOutFraction is 1; it must be above 0 and below 1.", () => _ml.Transforms.EarlyReadout(options));

        options.Objective.AutomaticFeatureReweighting.HeldOutFraction = 0.001;
        IDataView few = BiasedRow.View(_ml, count: 40);
        AssertFault("HeldOutFraction is 0.001. With 40", () => _ml.Transforms.EarlyReadout(options).Fit(few));
        options = Options(ReweightingSource.Network);
        (options.FeatureColumnName, options.Network.Kind, options.Taps) = ("Pixels", NetworkKind.SqueezeNet11, []);
        AssertFault("ends in none", () => _ml.Transforms.EarlyReadout(options).Fit(Noise()));
        Assert.DoesNotContain(_log, line => line.StartsWith("Epoch 1/", StringComparison.Ordinal));

        static void AssertFault(string part, Action act) =>
            Assert.Contains(part, Assert.Throws<ArgumentException>(act).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, 0.2, "The class has one training row, which the network needs. Give it more rows, or leave it out.")]
    [InlineData(4, 0.01, "The class has 4 training rows. Raise HeldOutFraction, or give it more rows.")]
    public void A_class_of_which_no_row_is_held_out_is_named_before_anything_is_trained(int rows, double heldOut, string advice)
    {
        // 100 rows of each other class, of which a hundredth is a row of each.
        IDataView train = BiasedRow.View(
            _ml, BiasedRow.Draw(800).GroupBy(row => row.Number).SelectMany(group => group.Take(group.Key == 30 ? rows : 100)));
        EarlyReadoutEstimator.Options options = Options(ReweightingSource.Network);
        (options.Epochs, options.Objective.AutomaticFeatureReweighting.HeldOutFraction) = (1, heldOut);
        string message = Assert.Throws<ArgumentException>(() => _ml.Transforms.EarlyReadout(options).Fit(train)).Message;
        Assert.Equal(
            FormattableString.Invariant($"Objective.AutomaticFeatureReweighting.HeldOutFraction is {heldOut}, and no row of the class ")
                + "'quarter 3' is held out: the last layer, which is trained on held-out rows, would unlearn it. " + advice,
            message);
        Assert.DoesNotContain(_log, line => line.StartsWith("Epoch 1/", StringComparison.Ordinal));
        if (rows == 1) return;
        options.Objective.AutomaticFeatureReweighting.HeldOutFraction = 0.2; // as advised
        _ml.Transforms.EarlyReadout(options).Fit(train).Dispose();
    }

    [Fact]
    public void A_layer_that_is_not_finite_leaves_the_network_as_it_was_trained()
    {
        EarlyReadoutEstimator.Options options = Options(ReweightingSource.Network);
        (options.Objective.AutomaticFeatureReweighting.LearningRate, options.Objective.AutomaticFeatureReweighting.Penalty) = (1e300, 0);
        IDataView train = BiasedRow.View(_ml);
        var fault = Assert.Throws<TrainingDivergedException>(() => _ml.Transforms.EarlyReadout(options).Fit(train));
        Assert.Contains("AutomaticFeatureReweighting.LearningRate", fault.Message, StringComparison.Ordinal);
        using EarlyReadoutTransformer good = fault.LastGoodModel!;
        Assert.True(_ml.MulticlassClassification.Evaluate(good.Transform(train)).MicroAccuracy > 0.8);
    }

    private IDataView Noise()
    {
        var random = new Random(1);
        IEnumerable<NoiseRow> rows = Enumerable.Range(0, 40).Select(i => new NoiseRow
        {
            Pixels = [.. Enumerable.Range(0, 3 * 32 * 32).Select(_ => (float)random.Next(256))],
            Class = $"{i % 2}",
        });
        IDataView view = _ml.Data.LoadFromEnumerable(rows.ToArray());
        return _ml.Transforms.Conversion.MapValueToKey("Label", nameof(NoiseRow.Class)).Fit(view).Transform(view);
    }

    private static EarlyReadoutEstimator.Options Options(ReweightingSource source) => new()
    {
        Objective =
        {
            Kind = ObjectiveKind.AutomaticFeatureReweighting,
            AutomaticFeatureReweighting = { Source = source, Gamma = 3, Beta = 3, LearningRate = 0.3 },
        },
        Epochs = 6,
        Optimizer = { LearningRate = 0.05 },
        Seed = 3,
    };

    /// <summary>An image as large as SqueezeNet needs it.</summary>
    private sealed class NoiseRow
    {
        [VectorType(3, 32, 32)]
        public float[] Pixels { get; set; } = [];

        public string Class { get; set; } = "";
    }
}
