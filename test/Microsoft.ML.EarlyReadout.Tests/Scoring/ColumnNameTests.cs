using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

/// <summary>Output names: none that hides what was read or another output; and for all others, every way of scoring gives the same
/// columns.</summary>
public sealed class ColumnNameTests
{
    private readonly MLContext _ml = new(seed: 1);

    [Theory]
    [InlineData("Label", "PredictedLabel", "LabelColumnName and ScoreColumnName are both 'Label'")]
    [InlineData("Features", "PredictedLabel", "FeatureColumnName and ScoreColumnName are both 'Features'")]
    [InlineData("Note", "PredictedLabel", "GroupColumnName and ScoreColumnName are both 'Note'")]
    [InlineData("Score", "Label", "LabelColumnName and PredictedLabelColumnName are both 'Label'")]
    [InlineData("Score", "Features", "FeatureColumnName and PredictedLabelColumnName are both 'Features'")]
    [InlineData("Same", "Same", "ScoreColumnName and PredictedLabelColumnName are both 'Same'")]
    [InlineData("Early.Score", "PredictedLabel", "ScoreColumnName and a column of Taps[0] are both 'Early.Score'")]
    [InlineData("Score", "Early.Margin", "PredictedLabelColumnName and a column of Taps[0] are both 'Early.Margin'")]
    [InlineData("EarlyReadout.HeadInput", "PredictedLabel", "ScoreColumnName is 'EarlyReadout.HeadInput'; names that start with")]
    public void An_output_that_hides_a_column_is_a_fault_of_the_options(string score, string predictedLabel, string fault)
    {
        var options = new EarlyReadoutEstimator.Options
        {
            ScoreColumnName = score, PredictedLabelColumnName = predictedLabel, GroupColumnName = "Note", Taps = [new() { Name = "Early" }],
        };
        AssertFault(fault, () => _ml.Transforms.EarlyReadout(options));
    }

    [Fact]
    public void A_readout_hides_neither_label_nor_features()
    {
        var options = new EarlyReadoutEstimator.Options
        {
            LabelColumnName = "R.PredictedLabel", FeatureColumnName = "R.Margin", Taps = [new() { Name = "R" }],
        };
        AssertFault("LabelColumnName and a column of Taps[0] are both 'R.PredictedLabel'", () => _ml.Transforms.EarlyReadout(options));
        AssertFault("FeatureColumnName and a column of Taps[0] are both 'R.Margin'", () => _ml.Transforms.EarlyReadout(options));
    }

    [Theory]
    [InlineData("TeacherScore", "PredictedLabel", "TeacherScore", "Teacher.ScoreColumnName and ScoreColumnName are both 'TeacherScore'")]
    [InlineData("Score", "TeacherFeatures", "TeacherScore", "FeatureColumnName and PredictedLabelColumnName are both 'TeacherFeatures'")]
    [InlineData("Score", "PredictedLabel", "Label", "LabelColumnName and Teacher.ScoreColumnName are both 'Label'")]
    public void A_teachers_columns_are_hidden_by_no_output_and_hide_none(string score, string predictedLabel, string teacher, string fault)
    {
        var options = new DebiasedDistillationTrainer.Options
        {
            ScoreColumnName = score, PredictedLabelColumnName = predictedLabel, Method = DistillationMethod.SimKD,
            Teacher = { ScoreColumnName = teacher, FeatureColumnName = "TeacherFeatures" },
        };
        AssertFault(fault, () => _ml.MulticlassClassification.Trainers.DebiasedDistillation(options));
    }

    [Theory]
    [InlineData("Label", "labelColumnName and outputColumnName are both 'Label'")]
    [InlineData("Early.Margin", "a column of the readout and outputColumnName are both 'Early.Margin'")]
    public void A_readout_weight_hides_nothing_that_it_reads(string output, string fault) =>
        AssertFault(fault, () => _ml.Transforms.ReadoutWeight(output, "Early"));

    [Theory]
    [InlineData("Image")]
    [InlineData("Map")]
    public void An_overlay_hides_nothing_that_it_reads(string output) =>
        AssertFault($"and outputColumnName are both '{output}'", () => _ml.Transforms.ActivationMapOverlay(output, "Image", "Map"));

    [Fact]
    public void For_any_accepted_names_the_transformer_the_saved_model_and_a_prediction_engine_give_the_same_columns()
    {
        IDataView data = Example.View(_ml, Example.Draw(12));
        string[] pool = ["Score", "PredictedLabel", "Note", "Logits", "x.output", "a b/ç:🐢"];
        foreach (string score in pool)
            foreach (string predictedLabel in pool.Where(name => name != score))
                AssertSame(data, new RandomClassifier { Score = score, PredictedLabel = predictedLabel }.Fit(data), score, predictedLabel);
    }

    [Theory]
    [InlineData("PredictedLabel", "Score", "Score")]
    [InlineData("Probabilities", "Score", "x.output")]
    [InlineData("Score", "PredictedLabel", "PredictedLabel")]
    [InlineData("Readout.Score.Score", "PredictedLabel", "Readout")]
    public void For_any_accepted_names_of_readouts_too(string score, string predictedLabel, string readout)
    {
        IDataView data = Example.View(_ml, Example.Draw(12));
        EarlyReadoutTransformer model = _ml.Transforms.EarlyReadout(new EarlyReadoutEstimator.Options
        {
            ScoreColumnName = score, PredictedLabelColumnName = predictedLabel, Epochs = 1, Network = { HiddenUnits = [4] },
            Taps = [new() { Name = readout, Width = 4 }, new() { Name = readout + "2", Stage = 0, Width = 4 }],
        }).Fit(data);
        AssertSame(data, model, score, predictedLabel);
    }

    private static void AssertFault(string fault, Func<object> make) =>
        Assert.Contains(fault, Assert.Throws<ArgumentException>(make).Message, StringComparison.Ordinal);

    private void AssertSame(IDataView data, EarlyReadoutTransformer model, string score, string predictedLabel)
    {
        using (model)
        {
            using TransformerChain<ITransformer> stock = TransformTests.Reload(model, data.Schema);
            IDataView batched = model.Transform(data), byRow = stock.Transform(data);
            string[] expected = Visible(batched.Schema);
            Assert.Equal(expected, Visible(model.GetOutputSchema(data.Schema)));
            Assert.Equal(expected, Visible(byRow.Schema));
            Assert.Equal(expected, Visible(((ITransformer)model).GetRowToRowMapper(data.Schema).OutputSchema));

            SchemaDefinition names = SchemaDefinition.Create(typeof(Scores));
            (names[nameof(Scores.Score)].ColumnName, names[nameof(Scores.Predicted)].ColumnName) = (score, predictedLabel);
            Scores[] scores = [.. _ml.Data.CreateEnumerable<Scores>(batched, false, schemaDefinition: names)];
            AssertScores(scores, [.. _ml.Data.CreateEnumerable<Scores>(byRow, false, schemaDefinition: names)]);
            using PredictionEngine<Example, Scores> engine = _ml.Model.CreatePredictionEngine<Example, Scores>(
                model, ignoreMissingColumns: false, outputSchemaDefinition: names);
            AssertScores(scores, [.. Example.Draw(12).Select(engine.Predict)]);
        }
    }

    private static void AssertScores(Scores[] expected, Scores[] actual)
    {
        Assert.Equal(expected.Select(row => row.Predicted), actual.Select(row => row.Predicted));
        IEnumerable<(float First, float Second)> scores = expected.SelectMany(row => row.Score).Zip(actual.SelectMany(row => row.Score));
        Assert.All(scores, pair => Assert.Equal(pair.First, pair.Second, 1e-6f));
    }

    private static string[] Visible(DataViewSchema schema) =>
        [.. schema.Where(column => !column.IsHidden).Select(Text).Order(StringComparer.Ordinal)];

    private static string Text(DataViewSchema.Column column)
    {
        return $"{column.Name}: {column.Type} {Names("SlotNames")} {Names("KeyValues")}";

        string Names(string annotation) => string.Join('|', ColumnAnnotation.Names(column, annotation) ?? []);
    }

    private sealed class Scores
    {
        public float[] Score { get; set; } = [];

        public uint Predicted { get; set; }
    }
}
