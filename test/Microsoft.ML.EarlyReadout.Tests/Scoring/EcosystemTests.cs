using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

/// <summary>What users do with an ML.NET model, done with ours.</summary>
public sealed class EcosystemTests
{
    private readonly MLContext _ml = new(seed: 1);

    [Fact]
    public void Evaluate_finds_the_columns_and_counts_what_the_labels_say()
    {
        IDataView data = Example.View(_ml, Example.Draw(500));
        using EarlyReadoutTransformer model = new RandomClassifier().Fit(data);
        IDataView scored = model.Transform(data);
        MulticlassClassificationMetrics metrics = _ml.MulticlassClassification.Evaluate(scored);
        double accuracy = scored.GetColumn<uint>("Label")
            .Zip(scored.GetColumn<uint>("PredictedLabel"), (a, b) => a == b ? 1.0 : 0)
            .Average();
        Assert.Equal(accuracy, metrics.MicroAccuracy, 12);
        Assert.Equal(3, metrics.ConfusionMatrix.NumberOfClasses);
        Assert.Contains("class 2", metrics.ConfusionMatrix.GetFormattedConfusionTable(), StringComparison.Ordinal);
    }

    [Fact]
    public void CrossValidate_runs_over_a_pipeline()
    {
        IDataView data = _ml.Data.LoadFromEnumerable(Example.Draw(300));
        var pipeline = _ml.Transforms.Conversion.MapValueToKey("Label", "Name")
            .Append(_ml.Transforms.NormalizeMinMax("Features"))
            .Append(new RandomClassifier())
            .Append(_ml.Transforms.Conversion.MapKeyToValue("Answer", "PredictedLabel"));
        var folds = _ml.MulticlassClassification.CrossValidate(data, pipeline, numberOfFolds: 3);
        Assert.Equal(3, folds.Count);
        Assert.All(folds, fold => Assert.InRange(fold.Metrics.MicroAccuracy, 0, 1));
        Assert.All(
            folds[0].ScoredHoldOutSet.GetColumn<string>("Answer"), answer => Assert.StartsWith("class ", answer, StringComparison.Ordinal));
    }

    [Fact]
    public void Permutation_feature_importance_sees_which_feature_matters()
    {
        Example[] rows = Example.Draw(400);
        IDataView data = Example.View(_ml, rows);
        using EarlyReadoutTransformer model = new RandomClassifier().Fit(data);
        // The model's own answers as labels: every feature that it uses then matters.
        string[] answers = [.. model.Transform(data).GetColumn<uint>("PredictedLabel").Select(key => $"class {key - 1}")];
        IDataView own = Example.View(
            _ml, [.. new[] { "class 0", "class 1", "class 2" }.Select(name => new Example { Features = new float[4], Name = name }),
                .. rows.Select((row, i) => new Example { Features = [.. row.Features[..3], 0], Name = answers[i] })]);
        var importance = _ml.MulticlassClassification.PermutationFeatureImportance(model, own, permutationCount: 2);
        Assert.Equal(4, importance.Length);
        Assert.True(importance.Min(feature => feature.MicroAccuracy.Mean) < -0.02);
        Assert.Equal(0, importance[3].MicroAccuracy.Mean, 12);
    }

    [Theory]
    [InlineData("Score", "PredictedLabel")]
    [InlineData("Probabilities", "Answer")]
    public void A_prediction_engine_agrees_with_Transform(string score, string predictedLabel)
    {
        Example[] rows = Example.Draw(50);
        IDataView data = Example.View(_ml, rows);
        using EarlyReadoutTransformer model = new RandomClassifier { Score = score, PredictedLabel = predictedLabel }.Fit(data);
        SchemaDefinition output = SchemaDefinition.Create(typeof(Prediction));
        output[nameof(Prediction.Score)].ColumnName = score;
        output["PredictedLabel"].ColumnName = predictedLabel;
        using var engine = _ml.Model.CreatePredictionEngine<Example, Prediction>(
            model, ignoreMissingColumns: false, outputSchemaDefinition: output);
        Prediction[] expected =
        [
            .. _ml.Data.CreateEnumerable<Prediction>(model.Transform(data), reuseRowObject: false, schemaDefinition: output),
        ];
        TransformTests.AssertSameScores(expected, [.. rows.Select(engine.Predict)]);
    }

    [Fact]
    public void Default_names_hide_another_models_columns_as_stock_trainers_do()
    {
        IDataView data = Example.View(_ml, Example.Draw(20));
        using EarlyReadoutTransformer teacher = new RandomClassifier { Seed = 5 }.Fit(data);
        IDataView taught = teacher.Transform(data);
        using EarlyReadoutTransformer student = new RandomClassifier().Fit(taught);
        float[] expected = [.. student.Transform(data).GetColumn<float[]>("Score").SelectMany(x => x)];
        Assert.Equal(expected, student.Transform(taught).GetColumn<float[]>("Score").SelectMany(x => x));
        Assert.NotEqual(expected, taught.GetColumn<float[]>("Score").SelectMany(x => x));
        using TransformerChain<ITransformer> stock = TransformTests.Reload(student, taught.Schema);
        float[] byRow = [.. stock.Transform(taught).GetColumn<float[]>("Score").SelectMany(x => x)];
        Assert.All(expected.Zip(byRow), pair => Assert.Equal(pair.First, pair.Second, 1e-6f));
    }

    [Fact]
    public void Rows_with_a_column_that_a_saved_model_would_lose_are_refused_everywhere()
    {
        IDataView data = Example.View(_ml, Example.Draw(20));
        using EarlyReadoutTransformer teacher = new RandomClassifier { Seed = 5 }.Fit(data);
        IDataView taught = teacher.Transform(data);
        var estimator = new RandomClassifier { Score = "Probabilities", PredictedLabel = "Answer" };
        using EarlyReadoutTransformer student = estimator.Fit(data);
        foreach (Action use in new Action[]
        {
            () => student.Transform(taught),
            () => student.GetOutputSchema(taught.Schema),
            () => ((ITransformer)student).GetRowToRowMapper(taught.Schema),
            () => estimator.GetOutputSchema(ShapeOf(taught)),
        })
        {
            string message = Assert.Throws<ArgumentOutOfRangeException>(use).Message;
            Assert.Contains("The rows have a column 'Score', and no output is named so", message, StringComparison.Ordinal);
        }

        // What the message says helps, and the saved model keeps both.
        var renaming = _ml.Transforms.CopyColumns("TeacherScore", "Score").Append(_ml.Transforms.DropColumns("Score", "PredictedLabel"));
        IDataView renamed = renaming.Fit(taught).Transform(taught);
        using TransformerChain<ITransformer> stock = TransformTests.Reload(student, renamed.Schema);
        IDataView both = stock.Transform(renamed);
        Assert.Equal(taught.GetColumn<float[]>("Score").SelectMany(x => x), both.GetColumn<float[]>("TeacherScore").SelectMany(x => x));
        Assert.NotNull(both.Schema.GetColumnOrNull("Probabilities"));
    }

    [Fact]
    public void Permutation_importance_takes_the_classifier_and_not_a_fitted_pipeline()
    {
        IDataView data = _ml.Data.LoadFromEnumerable(Example.Draw(200));
        var preparation = _ml.Transforms.Conversion.MapValueToKey("Label", "Name").Append(_ml.Transforms.NormalizeMinMax("Features"));
        TransformerChain<EarlyReadoutTransformer> pipeline = preparation.Append(new RandomClassifier()).Fit(data);
        IDataView prepared = preparation.Fit(data).Transform(data);
        MulticlassClassificationCatalog multiclass = _ml.MulticlassClassification;
        Assert.ThrowsAny<Exception>(() => multiclass.PermutationFeatureImportance((ITransformer)pipeline, data));
        Assert.ThrowsAny<Exception>(() => multiclass.PermutationFeatureImportance((ITransformer)pipeline.LastTransformer, prepared));

        var importance = multiclass.PermutationFeatureImportance(pipeline.LastTransformer, prepared);
        Assert.Equal(4, importance.Length);
        Assert.Contains(importance, feature => feature.MicroAccuracy.Mean != 0);
        pipeline.Dispose();
    }

    [Theory]
    [InlineData("Score", "PredictedLabel")]
    [InlineData("Probabilities", "Answer")]
    public void An_estimator_delivers_the_schema_that_it_promised(string score, string predictedLabel)
    {
        IDataView data = Example.View(_ml, Example.Draw(20));
        var estimator = new RandomClassifier { Score = score, PredictedLabel = predictedLabel };
        // ML.NET has no public way from a schema to its shape but an estimator that adds to it.
        SchemaShape shape = ShapeOf(data);
        SchemaShape promised = estimator.GetOutputSchema(shape);
        using EarlyReadoutTransformer model = estimator.Fit(data);
        SchemaShape delivered = ShapeOf(model.Transform(data));
        Assert.Equal(Text(delivered), Text(promised));

        static string[] Text(SchemaShape shape) => [.. shape.Select(column =>
            $"{column.Name} {column.Kind} {column.ItemType} {column.IsKey} "
                + $"{string.Join(",", column.Annotations.Select(a => a.Name).Order(StringComparer.Ordinal))}")
                .Order(StringComparer.Ordinal)];
    }

    [Fact]
    public void A_promise_names_the_column_that_is_missing_or_mistyped()
    {
        SchemaShape shape = ShapeOf(Example.View(_ml, Example.Draw(20)));
        Assert.Contains("'Pixels'", Message(new RandomClassifier { Feature = "Pixels" }), StringComparison.Ordinal);
        Assert.Contains("'Truth'", Message(new RandomClassifier { Label = "Truth" }), StringComparison.Ordinal);
        Assert.Contains("'Number'", Message(new RandomClassifier { Feature = "Number" }), StringComparison.Ordinal);
        Assert.Contains("'Name'", Message(new RandomClassifier { Label = "Name" }), StringComparison.Ordinal);

        string Message(RandomClassifier estimator) =>
            Assert.Throws<ArgumentOutOfRangeException>(() => estimator.GetOutputSchema(shape)).Message;
    }

    [Fact]
    public void Class_names_are_the_key_values()
    {
        IDataView data = Example.View(_ml, Example.Draw(20), "Number");
        using EarlyReadoutTransformer model = new RandomClassifier().Fit(data);
        Assert.Equal(["0", "100", "200"], model.ClassNames);
        Assert.Equal(3, model.ClassCount);
    }

    [Fact]
    public void A_label_of_one_class_or_no_key_is_refused()
    {
        IDataView one = Example.View(_ml, Example.Draw(5, classes: 1));
        Assert.Contains(
            "'Label' has 1 classes", Assert.Throws<ArgumentException>(() => new RandomClassifier().Fit(one)).Message,
            StringComparison.Ordinal);
        Assert.Contains(
            "expected a key, got String", Assert.Throws<ArgumentException>(() => StockHead.Fit(one.Schema["Name"])).Message,
            StringComparison.Ordinal);
    }

    private static SchemaShape ShapeOf(IDataView data) => SchemaShapes.Of(data.Schema);
}
