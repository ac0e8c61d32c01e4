using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

/// <summary>
/// The weights that a readout gives are a plain column: whichever ML.NET trainer takes example weights is debiased by it.
/// </summary>
public sealed class ReadoutWeightTests : IDisposable
{
    private readonly MLContext _ml = new(seed: 1);
    private EarlyReadoutTransformer? _readouts;

    public void Dispose() => _readouts?.Dispose();

    [Theory]
    [InlineData("SDCA")]
    [InlineData("L-BFGS")]
    [InlineData("LightGBM")]
    [InlineData("FastTree")]
    public void A_stock_trainer_gets_more_of_the_misread_rows_right_by_them(string trainer)
    {
        if (trainer == "LightGBM") LightGbmNative.SkipWhereMissing();
        IDataView weighted = Weighted(alpha: 0.05, beta: 3);
        bool[] misread = [.. weighted.GetColumn<float>("Weight").Select(weight => weight > 1)];
        Assert.InRange(misread.Count(row => row), 5, 100);
        double plain = Accuracy(trainer, null), debiased = Accuracy(trainer, "Weight");
        Assert.True(debiased > plain, $"{trainer} gets {plain:P1} of the misread rows right without weights, {debiased:P1} with them.");

        double Accuracy(string name, string? weight)
        {
            IDataView scored = Fit(name, weight, weighted).Transform(weighted);
            bool[] hits = name == "FastTree"
                ? [.. scored.GetColumn<bool>("Above")
                    .Zip(scored.GetColumn<bool>("PredictedLabel"), (label, predicted) => label == predicted)]
                : [.. scored.GetColumn<uint>("Label")
                    .Zip(scored.GetColumn<uint>("PredictedLabel"), (label, predicted) => label == predicted)];
            return hits.Where((_, row) => misread[row]).Average(hit => hit ? 1.0 : 0);
        }
    }

    [Theory]
    [InlineData(0, 0, 1)]
    [InlineData(0, 3, 20.0855)]
    [InlineData(1e30, 3, 1)]
    [InlineData(0, 80, 5.5406e34)]
    public void Alpha_and_beta_at_their_ends_give_numbers(double alpha, double beta, double ofWrong)
    {
        IDataView weighted = Weighted(alpha, beta);
        uint[] labels = [.. weighted.GetColumn<uint>("Label")], read = [.. weighted.GetColumn<uint>("Readout1.PredictedLabel")];
        float[] weights = [.. weighted.GetColumn<float>("Weight")];
        for (int i = 0; i < weights.Length; i++) Assert.Equal(1, weights[i] / (labels[i] == read[i] ? 1 : ofWrong), 1e-3);
        Assert.Contains(labels.Zip(read), row => row.First != row.Second);
    }

    [Theory]
    [InlineData(nameof(Row.Above))]
    [InlineData("Text")]
    [InlineData("Byte")]
    [InlineData("Int16")]
    [InlineData("UInt64")]
    [InlineData("Single")]
    [InlineData("Date")]
    [InlineData("Time")]
    [InlineData("Moment")]
    public void A_label_of_any_value_weighs_the_rows_that_are_misread(string column)
    {
        IDataView train = new LabelsOfOtherTypes(_ml).Keyed(Row.View(_ml, keyed: false), column);
        _readouts = _ml.Transforms.EarlyReadout(
            new EarlyReadoutEstimator.Options { Epochs = 2, Optimizer = { LearningRate = 0.05 }, Seed = 3 }).Fit(train);
        IDataView read = _readouts.Transform(train);
        IDataView weighted = _ml.Transforms.ReadoutWeight(beta: 3).Fit(read).Transform(read);
        bool[] misread = [.. weighted.GetColumn<uint>("Label")
            .Zip(weighted.GetColumn<uint>("Readout1.PredictedLabel"), (label, predicted) => label != predicted)];
        Assert.Contains(true, misread);
        Assert.Equal(misread, weighted.GetColumn<float>("Weight").Select(weight => weight > 1));
        Assert.Equal(["Weight"], weighted.Schema.Skip(read.Schema.Count).Where(added => !added.IsHidden).Select(added => added.Name));
    }

    [Fact]
    public void A_key_without_values_is_named_with_its_type_and_what_to_do()
    {
        IDataView read = Weighted(alpha: 0.05, beta: 3);
        IDataView bare = _ml.Transforms.Conversion.Hash("Label", nameof(Row.Above), numberOfBits: 4).Fit(read).Transform(read);
        Assert.Equal(
            "The label column 'Label' is of type Key<UInt32, 0-15>, a key without values, and labels are compared with the readout's "
                + "answers by their values. "
                + "Make the label with MapValueToKey before the readouts are trained.",
                Assert.Throws<ArgumentOutOfRangeException>(() => _ml.Transforms.ReadoutWeight().Fit(bare)).Message);
        Assert.Contains("The label column 'Above' is of type Boolean; expected a key. MapValueToKey makes one",
            Assert.ThrowsAny<ArgumentException>(() => _ml.Transforms.ReadoutWeight(labelColumnName: nameof(Row.Above)).Fit(read)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Every_argument_out_of_range_is_named_in_one_exception()
    {
        string message = Assert.Throws<ArgumentException>(
            () => _ml.Transforms.ReadoutWeight(" ", "", "", alpha: double.PositiveInfinity, beta: -1)).Message;
        foreach (string name in new[]
        {
            "readoutName is empty",
            "outputColumnName is empty",
            "labelColumnName is empty",
            "alpha is Infinity",
            "beta is -1; it must be from 0 to 80",
        })
            Assert.Contains(name, message, StringComparison.Ordinal);
        Assert.Contains(
            "alpha is 1E+39", Assert.Throws<ArgumentException>(() => _ml.Transforms.ReadoutWeight(alpha: 1e39)).Message,
            StringComparison.Ordinal);
        IDataView unread = Row.View(_ml);
        Assert.Contains(
            "Readout1.PredictedLabel", Assert.ThrowsAny<ArgumentException>(() => _ml.Transforms.ReadoutWeight().Fit(unread)).Message,
            StringComparison.Ordinal);
    }

    private IDataView Weighted(double alpha, double beta)
    {
        IDataView train = Row.View(_ml);
        _readouts = _ml.Transforms.EarlyReadout(
            new EarlyReadoutEstimator.Options { Epochs = 2, Optimizer = { LearningRate = 0.05 }, Seed = 3 }).Fit(train);
        IDataView read = _readouts.Transform(train);
        return _ml.Data.Cache(_ml.Transforms.ReadoutWeight(alpha: alpha, beta: beta).Fit(read).Transform(read));
    }

    private ITransformer Fit(string trainer, string? weight, IDataView rows) => trainer switch
    {
        "SDCA" => _ml.MulticlassClassification.Trainers.SdcaMaximumEntropy(exampleWeightColumnName: weight).Fit(rows),
        "L-BFGS" => _ml.MulticlassClassification.Trainers.LbfgsMaximumEntropy(exampleWeightColumnName: weight).Fit(rows),
        "LightGBM" => _ml.MulticlassClassification.Trainers.LightGbm(
            exampleWeightColumnName: weight, numberOfLeaves: 4, numberOfIterations: 3).Fit(rows),
        _ => _ml.BinaryClassification.Trainers.FastTree("Above", exampleWeightColumnName: weight, numberOfLeaves: 4, numberOfTrees: 3)
            .Fit(rows),
    };

    /// <summary>Labels of other types, made of whether the height is above 0.</summary>
    private sealed class LabelsOfOtherTypes(MLContext ml)
    {
        private static readonly DateTime _day = new(2024, 2, 29, 0, 0, 0, DateTimeKind.Utc);

        public IDataView Keyed(IDataView rows, string column)
        {
            IDataView labelled = ml.Transforms.CustomMapping<Row, Labels>((from, to) =>
            {
                int label = from.Above ? 1 : 0;
                (to.Text, to.Byte, to.Int16, to.UInt64, to.Single) = ($"class {label}", (byte)label, (short)-label, (ulong)label,
                label / 10f);
                (to.Date, to.Time, to.Moment) = (_day.AddDays(label), TimeSpan.FromMinutes(label), new DateTimeOffset(_day.AddDays(label)));
            }, null).Fit(rows).Transform(rows);
            return ml.Transforms.Conversion.MapValueToKey("Label", column).Fit(labelled).Transform(labelled);
        }

        private sealed class Labels
        {
            public string Text { get; set; } = "";

            public byte Byte { get; set; }

            public short Int16 { get; set; }

            public ulong UInt64 { get; set; }

            public float Single { get; set; }

            public DateTime Date { get; set; }

            public TimeSpan Time { get; set; }

            public DateTimeOffset Moment { get; set; }
        }
    }

    /// <summary>Whether a noisy height is above 0; the cue says so in 9 rows of 10.</summary>
    private sealed class Row
    {
        [VectorType(2)]
        public float[] Features { get; set; } = [];

        public bool Above { get; set; }

        public static IDataView View(MLContext ml, bool keyed = true)
        {
            var random = new Random(4);
            Row[] rows = [.. Enumerable.Range(0, 400).Select(_ =>
            {
                float height = random.NextSingle() * 2 - 1;
                bool above = height + 0.3f * (random.NextSingle() - 0.5f) > 0;
                return new Row { Features = [height, (random.NextDouble() < 0.9) == above ? 1 : -1], Above = above };
            })];
            IDataView view = ml.Data.LoadFromEnumerable(rows);
            return !keyed ? view : ml.Transforms.Conversion.MapValueToKey("Label", nameof(Above)).Fit(view).Transform(view);
        }
    }
}
