using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.Transforms;

namespace MLSieve.Tests;

/// <summary>A column that says how much each training row counts.</summary>
public sealed class ExampleWeightTests
{
    // Without those whose last layer is fitted anew, and those that copy the teacher's.
    public static TheoryData<string> Cases =>
        [.. TrainingCase.Names.Except(["deep feature reweighting", "automatic feature reweighting", "SimKD", "DeTT"])];

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_class_whose_rows_weigh_nothing_is_not_learnt(string name) => Assert.True(
        ShareOfFirstClass(Fit(name, row => row.Number == 0 ? 0 : 2)) < 0.8 * ShareOfFirstClass(Fit(name, _ => 1)));

    [Theory]
    [InlineData("class-balanced")]
    [InlineData("joint sieve")]
    [InlineData("distillation")]
    [InlineData("DeTT")]
    public void Weights_that_are_all_alike_change_nothing_whatever_they_are(string name)
    {
        using EarlyReadoutTransformer plain = TrainingCase.Fit(TrainingCase.Options(name)), weighted = Fit(name, _ => 8);
        Assert.All(TrainingCase.Scores(plain).Zip(TrainingCase.Scores(weighted)), pair => Assert.Equal(pair.First, pair.Second, 1e-3));
    }

    [Theory]
    [InlineData("SimKD")]
    [InlineData("DeTT")]
    public void The_distance_of_features_is_weighted_too(string name)
    {
        using EarlyReadoutTransformer plain = Fit(name, _ => 1), weighted = Fit(name, row => row.Number);
        Assert.NotEqual(TrainingCase.Scores(plain), TrainingCase.Scores(weighted));
    }

    [Theory]
    [InlineData("class-balanced")]
    [InlineData("group DRO")]
    public void Validation_counts_every_row_alike(string name)
    {
        var ml = new MLContext(seed: 1);
        IDataView held = BiasedRow.View(ml, count: 150, seed: 8, label: nameof(BiasedRow.Number));
        using EarlyReadoutTransformer model = Fit(
            name, row => 1 + row.Number, options => (options.ValidationFraction, options.ValidationSet) = (0, held));
        Assert.Equal(
            ml.MulticlassClassification.EvaluateByGroup(model.Transform(held), "Cue").Groups
                .Select(group => (group.Name, group.Count, group.Correct)).Order(),
            model.History.Selected!.Groups.Select(group => (group.Name, group.Count, group.Correct)).Order());
    }

    [Theory]
    [InlineData(-0.5f, "Column 'Weight', row 3 (counted from 0 in the data view) has the value -0.5; expected at least 0.")]
    [InlineData(float.NaN, "Column 'Weight', row 3 (counted from 0 in the data view) has the value NaN; expected a finite number.")]
    [InlineData(float.PositiveInfinity, "Column 'Weight', row 3 (counted from 0 in the data view) has the value Infinity;")]
    public void A_weight_that_cannot_be_one_is_named_with_its_row(float bad, string message)
    {
        int row = 0;
        Assert.StartsWith(
            message, Assert.Throws<InvalidDataException>(() => Fit("sieve", _ => row++ == 3 ? bad : 1)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Weights_that_are_all_zero_are_refused() => Assert.Equal(
        "The example-weight column 'Weight' is 0 in all 208 training rows; at least one must count.",
        Assert.Throws<InvalidDataException>(() => Fit("sieve", _ => 0)).Message);

    [Fact]
    public void A_column_of_another_type_is_refused_before_a_row_is_read()
    {
        TrainerOptions options = TrainingCase.Options("sieve");
        options.ExampleWeightColumnName = "Number";
        string message = Assert.Throws<ArgumentOutOfRangeException>(() => TrainingCase.Fit(options)).Message;
        Assert.Contains("'Number'", message, StringComparison.Ordinal);
        Assert.Contains("Conversion.ConvertType", message, StringComparison.Ordinal);
    }

    private static EarlyReadoutTransformer Fit(string name, Func<BiasedRow, float> weight, Action<TrainerOptions>? change = null)
    {
        var ml = new MLContext(seed: 1);
        TrainerOptions options = TrainingCase.Options(name);
        options.ExampleWeightColumnName = "Weight";
        change?.Invoke(options);
        Weighted[] rows =
        [
            .. ml.Data.CreateEnumerable<BiasedRow>(TrainingCase.Rows(ml), reuseRowObject: false).Select(row => new Weighted
            {
                Features = row.Features,
                Number = row.Number,
                Cue = row.Cue,
                TeacherScore = row.TeacherScore,
                TeacherFeatures = row.TeacherFeatures,
                Weight = weight(row),
            }),
        ];
        IDataView view = ml.Data.LoadFromEnumerable(rows);
        return options.Estimator(ml).Fit(ml.Transforms.Conversion.MapValueToKey(
            "Label", "Number", keyOrdinality: ValueToKeyMappingEstimator.KeyOrdinality.ByValue).Fit(view).Transform(view));
    }

    private static double ShareOfFirstClass(EarlyReadoutTransformer model)
    {
        using (model) return TrainingCase.Scores(model).Where((_, i) => i % model.ClassCount == 0).Average();
    }

    private sealed class Weighted
    {
        [VectorType(4)]
        public float[] Features { get; set; } = [];

        public int Number { get; set; }

        public string Cue { get; set; } = "";

        [VectorType(4)]
        public float[] TeacherScore { get; set; } = [];

        [VectorType(4)]
        public float[] TeacherFeatures { get; set; } = [];

        public float Weight { get; set; }
    }
}
