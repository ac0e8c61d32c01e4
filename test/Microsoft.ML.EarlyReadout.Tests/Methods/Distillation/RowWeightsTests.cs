using System.Collections.Concurrent;
using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.Runtime;

namespace MLSieve.Tests;

/// <summary>Which rows a readout of the student makes count more, and that it does nothing else.</summary>
public sealed partial class RowWeightsTests
{
    private readonly MLContext _ml = new(seed: 1);
    private readonly ConcurrentQueue<string> _log = new(), _warnings = new();

    public RowWeightsTests() => _ml.Log += (_, entry) =>
    {
        _log.Enqueue(entry.RawMessage);
        if (entry.Kind == ChannelMessageKind.Warning) _warnings.Enqueue(entry.RawMessage);
    };

    [Fact]
    public void Rows_that_are_read_rightly_again_weigh_one_again()
    {
        // At α = 0 a wrong row weighs 2, so the mean says how many do: those that this reading gets wrong, and none that only an earlier
        // one did.
        DebiasedDistillationTrainer.Options options = Options(
            options => (options.Alpha, options.Beta, options.StartEpoch, options.Epochs) = (0, Math.Log(2), 1, 6));
        Fit(options, BiasedRow.View(_ml, count: 200)).Dispose();
        (int Wrong, double Mean)[] readings =
        [
            .. Readings()
                .Select(reading => (int.Parse(reading.Groups["wrong"].Value, CultureInfo.InvariantCulture),
                double.Parse(reading.Groups["mean"].Value, CultureInfo.InvariantCulture))),
        ];
        Assert.Equal(6, readings.Length);
        Assert.Contains(readings.Zip(readings.Skip(1)), pair => pair.Second.Wrong < pair.First.Wrong);
        Assert.All(readings, reading => Assert.Equal(1 + reading.Wrong / 200.0, reading.Mean, 1e-9));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void A_readout_in_training_leaves_the_student_as_it_is_to_the_bit_batch_norm_included(int depth)
    {
        IDataView train = Picture.View(_ml);
        using EarlyReadoutTransformer teacher = new RandomClassifier { Feature = "Pixels" }.Fit(train);
        void Images(DebiasedDistillationTrainer.Options options)
        {
            options.Teacher.Model = teacher; // it scores what augmentation leaves
            (options.FeatureColumnName, options.Network.Channels, options.Epochs, options.StartEpoch) = ("Pixels", [8, 8], 4, 1);
            (options.Readout.Depth, options.Readout.Width, options.ReadoutEpochs, options.ReadoutLearningRate) = (depth, 8, 2, 0.5);
            options.Augmentation.HorizontalFlip = true;
        }

        float[] plain = Scores(Options(options => { Images(options); options.Method = DistillationMethod.Plain; }), train);
        Assert.Equal(plain, Scores(Options(options => { Images(options); options.Beta = 0; }), train)); // every weight is exp(0)
        Assert.Equal(4, Readings().Length);
    }

    [Fact]
    public void Each_readout_is_drawn_anew_whatever_readouts_there_were_before()
    {
        IDataView train = Picture.View(_ml);
        string[] Third(int startEpoch)
        {
            _log.Clear();
            Fit(Options(options =>
            {
                (options.FeatureColumnName, options.Network.Channels, options.Epochs,
                options.StartEpoch) = ("Pixels", [8, 8], 3, startEpoch);
                (options.Readout.Depth, options.Readout.Width, options.Beta) = (1, 8, 0); // the student is the same whatever is read
            }), train).Dispose();
            return [.. _log.Where(line => line.StartsWith("Readout, epoch", StringComparison.Ordinal))
                .TakeLast(1)
                .Select(line => line[line.IndexOf(": ", StringComparison.Ordinal)..]), Readings()[^1].Value];
        }

        Assert.Equal(Third(startEpoch: 3), Third(startEpoch: 1));
    }

    [Fact]
    public void A_warm_up_of_the_network_does_not_slow_its_readouts()
    {
        IDataView train = BiasedRow.View(_ml);
        int[] Wrong(int warmUp)
        {
            _log.Clear();
            Fit(Options(options => (options.Epochs, options.StartEpoch, options.Optimizer.LearningRate,
            options.Schedule.WarmUpSteps) = (1, 1, 1e-9, warmUp)), train)
                .Dispose();
            return [.. Readings().Select(reading => int.Parse(reading.Groups["wrong"].Value, CultureInfo.InvariantCulture))];
        }

        Assert.Equal(Wrong(0), Wrong(1_000_000));
    }

    [Fact]
    public void Where_the_readout_is_right_on_every_row_it_is_plain_distillation()
    {
        BiasedRow[] rows = BiasedRow.Draw(100);
        foreach (BiasedRow row in rows) row.Features = [.. Enumerable.Range(0, 4).Select(c => row.Number == 10 * c ? 3f : 0)];
        IDataView train = BiasedRow.View(_ml, rows);
        float[] debiased = Scores(
            Options(options => (options.ReadoutEpochs, options.ReadoutLearningRate, options.StartEpoch) = (20, 0.1, 1)), train);
        Assert.All(Readings(), reading =>
            Assert.Equal(("0", "1", "1"), (reading.Groups["wrong"].Value, reading.Groups["most"].Value, reading.Groups["mean"].Value)));
        Assert.Equal(Scores(Options(options => options.Method = DistillationMethod.Plain), train), debiased);
    }

    [Fact]
    public void Where_the_readout_is_wrong_on_every_row_normalised_weights_are_plain_distillation()
    {
        // Rows that are all alike are read alike; a readout that has learnt nothing may call them all by the class that has no rows.
        BiasedRow[] rows = [.. BiasedRow.Draw(100).Where(row => row.Number < 20)];
        foreach (BiasedRow row in rows) row.Features = [1, 1, 1, 1];
        IDataView keys = BiasedRow.View(_ml);
        IDataView train = _ml.Transforms.Conversion.MapValueToKey(
            "Label", "Class",
            keyData: _ml.Data.LoadFromEnumerable(BiasedRow.Draw(100).Select(row => new { row.Class }).Distinct().OrderBy(row => row.Class)))
            .Fit(keys).Transform(_ml.Data.LoadFromEnumerable(rows));
        void Untaught(DebiasedDistillationTrainer.Options options, int seed) =>
            (options.ReadoutLearningRate, options.StartEpoch, options.Epochs, options.Seed, options.Alpha,
            options.NormalizeWeights) = (1e-12, 1, 1, seed, 0, true);
        int found = Enumerable.Range(0, 40).First(seed =>
        {
            _log.Clear();
            Fit(Options(options => Untaught(options, seed)), train).Dispose();
            return Readings().Single().Groups["wrong"].Value == rows.Length.ToString(CultureInfo.InvariantCulture);
        });

        float[] debiased = Scores(Options(options => Untaught(options, found)), train);
        float[] plain = Scores(Options(options => { Untaught(options, found); options.Method = DistillationMethod.Plain; }), train);
        Assert.Equal(plain, debiased);
    }

    [Fact]
    public void A_stage_that_the_student_does_not_have_is_told_before_the_first_epoch()
    {
        DebiasedDistillationTrainer.Options options = Options(options => options.Readout.Stage = 3);
        Assert.Contains(
            "A readout is to tap stage 3, but Mlp has 2 stages: 1 (",
            Assert.Throws<ArgumentException>(() => Fit(options, BiasedRow.View(_ml))).Message, StringComparison.Ordinal);
        Assert.DoesNotContain(_log, line => line.StartsWith("Epoch 1/", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(1, null, 2, "Epochs, which is 1, above 1.")]
    [InlineData(null, 5, 2, "Steps, which is 5, above 13: an epoch has 13.")]
    [InlineData(null, 26, 3, "Steps, which is 26, above 26: an epoch has 13.")]
    public void A_training_that_ends_before_a_row_is_weighted_warns(int? epochs, int? steps, int startEpoch, string longer)
    {
        DebiasedDistillationTrainer.Options options = Options(
            options => (options.Epochs, options.Steps, options.StartEpoch) = (epochs, steps, startEpoch));
        Fit(options, BiasedRow.View(_ml)).Dispose();
        Assert.Empty(Readings());
        Assert.Equal(
            $"Method is Debiased, but the training ends before the first epoch that is weighted: StartEpoch is {startEpoch}. So every row "
                + $"weighs 1, which is plain distillation. Set StartEpoch to 1, or raise {longer}",
            Assert.Single(_warnings, text => text.Contains("StartEpoch", StringComparison.Ordinal)));

        _warnings.Clear();
        options.Method = DistillationMethod.Plain; // which weighs no row
        Fit(options, BiasedRow.View(_ml)).Dispose();
        Assert.DoesNotContain(_warnings, text => text.Contains("StartEpoch", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(2, null, 2)]
    [InlineData(null, 14, 2)]
    [InlineData(null, 5, 1)]
    public void One_that_weighs_rows_in_its_last_epoch_does_not_warn(int? epochs, int? steps, int startEpoch)
    {
        Fit(
            Options(options => (options.Epochs, options.Steps, options.StartEpoch) = (epochs, steps, startEpoch)),
            BiasedRow.View(_ml)).Dispose();
        Assert.Single(Readings());
        Assert.DoesNotContain(_warnings, text => text.Contains("StartEpoch", StringComparison.Ordinal));
    }

    [Fact]
    public void A_weight_too_large_for_training_is_a_divergence_and_a_cap_prevents_it()
    {
        void Largest(DebiasedDistillationTrainer.Options options) => (options.Alpha, options.Beta, options.StartEpoch) = (0, 80, 1);
        var error = Assert.Throws<TrainingDivergedException>(() => Fit(Options(Largest), BiasedRow.View(_ml)));
        Assert.Contains("Training diverged", error.Message, StringComparison.Ordinal);
        using EarlyReadoutTransformer capped = Fit(Options(options => { Largest(options); options.WeightCap = 5; }), BiasedRow.View(_ml));
        Assert.All(Readings().TakeLast(3), reading => Assert.Equal("5", reading.Groups["most"].Value));
    }

    [Theory]
    [InlineData(0, 1)] // every wrong row alike, whatever its margin
    [InlineData(1e300, 0)] // no wrong row, unless its margin is 1
    public void An_alpha_at_either_end_is_a_number(double alpha, double weightLess1)
    {
        var weighting = new ReadoutWeighting(alpha, Math.Log(2), null);
        Assert.All(new[] { 0.0001, 0.5, 0.999 }, margin => Assert.Equal(1 + weightLess1, weighting.OfWrong(margin), 1e-12));
        Assert.Equal(2, weighting.OfWrong(1), 1e-12);
    }

    private Match[] Readings() => [.. _log.Select(line => Reading().Match(line)).Where(match => match.Success)];

    private EarlyReadoutTransformer Fit(DebiasedDistillationTrainer.Options options, IDataView train) =>
        _ml.MulticlassClassification.Trainers.DebiasedDistillation(options).Fit(train);

    private float[] Scores(DebiasedDistillationTrainer.Options options, IDataView train)
    {
        using EarlyReadoutTransformer student = Fit(options, train);
        return [.. student.Transform(train).GetColumn<float[]>("Score").SelectMany(score => score)];
    }

    private static DebiasedDistillationTrainer.Options Options(Action<DebiasedDistillationTrainer.Options> change)
    {
        var options = new DebiasedDistillationTrainer.Options
        {
            Epochs = 3,
            Optimizer = { LearningRate = 0.02 },
            Readout = { Depth = 0 },
            Seed = 3,
        };
        change(options);
        return options;
    }

    [GeneratedRegex(
        @"^The readout at stage 1 gets (?<wrong>\d+) of \d+ training rows wrong; "
            + @"weights from (?<least>\S+) to (?<most>\S+), mean (?<mean>\S+)\.$")]
    private static partial Regex Reading();
}
