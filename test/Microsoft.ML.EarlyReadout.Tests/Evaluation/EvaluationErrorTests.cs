using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

public sealed class EvaluationErrorTests
{
    private readonly MLContext _ml = new();

    [Theory]
    [InlineData("Season", "Label", "Score", "PredictedLabel", "group column 'Season'")]
    [InlineData("Place", "Species", "Score", "PredictedLabel", "label column 'Species'")]
    [InlineData("Place", "Label", "Probability", "PredictedLabel", "score column 'Probability'")]
    [InlineData("Place", "Label", "Score", "Guess", "predicted label column 'Guess'")]
    public void A_missing_column_is_named_with_those_present(string group, string label, string score, string predicted, string message)
    {
        var error = Assert.Throws<ArgumentOutOfRangeException>(
            () => _ml.MulticlassClassification.EvaluateByGroup(View(), group, label, score, predicted));
        Assert.Equal($"The {message} is not in the data, which has 'Label', 'PredictedLabel', 'Place', 'Score'.", error.Message);
    }

    [Fact]
    public void A_column_of_the_wrong_type_is_named_with_its_type()
    {
        Assert.Equal(
            "The score column 'Place' is of type String; expected Vector<Single> of two or more. It must have one number for each class.",
                Assert.Throws<ArgumentOutOfRangeException>(
                    () => _ml.MulticlassClassification.EvaluateByGroup(View(), "Place", scoreColumnName: "Place")).Message);
        Assert.Equal(
            "The label or group column 'Score' is of type Vector<Single, 2>; expected a key, text, a number or a bool. Name a column with "
                + "one value a row.",
                Assert.Throws<ArgumentOutOfRangeException>(() => _ml.MulticlassClassification.EvaluateByGroup(View(), "Score")).Message);
    }

    [Fact]
    public void No_rows_is_an_error_that_says_whether_there_were_any()
    {
        Assert.Equal("The data have no rows.", Assert.Throws<InvalidOperationException>(() => Evaluate(View([]))).Message);
        Assert.Equal("No row has both a label and a group: 1 without 'Label', 1 without 'Place'.",
            Assert.Throws<InvalidOperationException>(
                () => Evaluate(View([new() { Place = "land" }, new() { Label = "landbird" }]))).Message);
    }

    [Fact]
    public void Every_option_out_of_range_is_named_in_one_error()
    {
        var error = Assert.Throws<ArgumentException>(
            () => Evaluate(View(), new() { Grouping = (Grouping)7, Confidence = 1, CalibrationBins = 0 }));
        Assert.Equal(
            string.Join(
                Environment.NewLine, "GroupEvaluationOptions has 3 faults:",
                "- Grouping is 7; it must be one of LabelAndAttribute, AttributeOnly.",
                "- Confidence is 1; it must be above 0 and below 1.", "- CalibrationBins is 0; it must be at least 1."),
            error.Message);
    }

    [Fact]
    public void Group_columns_must_be_named_once_and_not_be_the_label()
    {
        var catalog = _ml.MulticlassClassification;
        Assert.Equal(
            "Name at least one group column.",
            Assert.Throws<ArgumentException>(() => catalog.EvaluateByGroup(View(), Array.Empty<string>())).Message);
        Assert.Equal(
            "A group column is named twice: Place, Place.",
            Assert.Throws<ArgumentException>(() => catalog.EvaluateByGroup(View(), ["Place", "Place"])).Message);
        Assert.Equal(
            "'Label' is the label, which is part of every group already. Name attribute columns only, or set "
                + "GroupEvaluationOptions.Grouping to AttributeOnly.",
            Assert.Throws<ArgumentException>(() => catalog.EvaluateByGroup(View(), "Label")).Message);
        Assert.Equal(["landbird", "waterbird"],
            catalog.EvaluateByGroup(View(), "Label", options: new() { Grouping = Grouping.AttributeOnly }).Groups
                .Select(group => group.Name));
    }

    [Fact]
    public void Training_counts_of_other_groups_are_an_error_that_shows_both()
    {
        GroupCounts training = new();
        training.Add(10, "1", "land");
        var error = Assert.Throws<InvalidOperationException>(
            () => Evaluate(View([.. ScoredRows.Rows("landbird", "land", 1, 0)]), new() { TrainingCounts = training }));
        Assert.Equal("No evaluated group occurs in the training counts, so there is no adjusted accuracy. " +
            "Evaluated: landbird, land. Training counts: 1, land: 10.", error.Message);
    }

    [Fact]
    public void Text_labels_without_any_class_names_are_an_error()
    {
        IDataView data = _ml.Data.LoadFromEnumerable(ScoredRows.Birds);
        Assert.StartsWith("Column 'Label' is String, and neither the score column nor",
            Assert.Throws<ArgumentOutOfRangeException>(() => Evaluate(data)).Message, StringComparison.Ordinal);
    }

    private IDataView View(ScoredRows.Row[]? rows = null)
    {
        IDataView view = ScoredRows.View(_ml, rows ?? ScoredRows.Birds);
        return _ml.Transforms.SelectColumns("Label", "PredictedLabel", "Place", "Score").Fit(view).Transform(view);
    }

    private GroupMetrics Evaluate(IDataView data, GroupEvaluationOptions? options = null) =>
        _ml.MulticlassClassification.EvaluateByGroup(data, "Place", options: options);
}
