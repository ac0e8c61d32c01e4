using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

/// <summary>Stock ML.NET trainers on three overlapping classes, with labels of several types.</summary>
public sealed class StockTrainerEvaluationTests
{
    private readonly MLContext _ml = new(seed: 1);

    private sealed class Example
    {
        public int Number { get; set; }
        public string Text { get; set; } = "";
        public float Index { get; set; }
        public bool Bright { get; set; }
        [VectorType(2)]
        public float[] Features { get; set; } = [];
    }

    public static TheoryData<string> LabelTypes => ["Number", "Text", "Index"];

    [Theory]
    [MemberData(nameof(LabelTypes))]
    public void Agrees_with_the_Evaluate_of_MLNET(string labelType)
    {
        IDataView scored = Score(labelType);
        MulticlassClassificationMetrics stock = _ml.MulticlassClassification.Evaluate(scored);
        GroupMetrics metrics = _ml.MulticlassClassification.EvaluateByGroup(scored, "Bright");
        Assert.InRange(stock.MicroAccuracy, 0.5, 0.99);
        Assert.Equal(stock.MicroAccuracy, metrics.AverageAccuracy, 12);
        Assert.Equal(stock.MacroAccuracy, metrics.ClassBalancedAccuracy, 12);
        Assert.Equal(stock.LogLoss, metrics.LogLoss!.Value, 9);
        int classes = metrics.ConfusionMatrix.Classes.Count;
        Assert.Equal(
            stock.ConfusionMatrix.Counts.Select(row => row.Select(count => (long)count)),
            Enumerable.Range(0, classes)
                .Select(label => Enumerable.Range(0, classes).Select(predicted => metrics.ConfusionMatrix[label, predicted])));
        Assert.Equal(6, metrics.Groups.Count);
    }

    [Theory]
    [MemberData(nameof(LabelTypes))]
    public void A_predicted_label_mapped_back_to_its_value_gives_the_same_metrics(string labelType)
    {
        IDataView scored = Score(labelType);
        IDataView mapped = _ml.Transforms.Conversion.MapKeyToValue("PredictedLabel").Fit(scored).Transform(scored);
        Assert.IsNotType<KeyDataViewType>(mapped.Schema["PredictedLabel"].Type, exactMatch: false);
        Assert.Equal(Json(scored), Json(mapped));
    }

    [Theory]
    [MemberData(nameof(LabelTypes))]
    public void A_label_that_is_no_key_or_is_keyed_in_another_order_gives_the_same_metrics(string labelType)
    {
        IDataView scored = Score(labelType);
        IDataView other = _ml.Transforms.Conversion.MapValueToKey(
            "OtherLabel", labelType, keyOrdinality: Microsoft.ML.Transforms.ValueToKeyMappingEstimator.KeyOrdinality.ByValue)
            .Fit(scored).Transform(scored);
        string expected = Accuracies(_ml.MulticlassClassification.EvaluateByGroup(scored, "Bright"));
        Assert.Equal(expected, Accuracies(_ml.MulticlassClassification.EvaluateByGroup(other, "Bright", labelColumnName: "OtherLabel")));
        Assert.Equal(expected, Accuracies(_ml.MulticlassClassification.EvaluateByGroup(scored, "Bright", labelColumnName: labelType)));
    }

    [Fact]
    public void A_number_is_a_class_index_where_the_classes_are_not_numbers()
    {
        // MapValueToKey met the classes in the order 0, 1, 2, so the index of the model's class is Index itself.
        IDataView scored = Score("Text");
        MulticlassClassificationMetrics stock = _ml.MulticlassClassification.Evaluate(scored, labelColumnName: "Index");
        GroupMetrics metrics = _ml.MulticlassClassification.EvaluateByGroup(scored, "Bright", labelColumnName: "Index");
        Assert.Equal(stock.MicroAccuracy, metrics.AverageAccuracy, 12);
        Assert.StartsWith("oak", metrics.Groups[0].Name, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Text", "oak", "elm", "ash")]
    [InlineData("Number", "30", "20", "10")]
    public void A_key_without_values_is_read_as_the_class_index(string labelType, params string[] names)
    {
        IDataView scored = Score(labelType);
        BareScore[] rows = [.. _ml.Data.CreateEnumerable<BareScore>(scored, reuseRowObject: false)];
        foreach (BareScore row in rows)
            (row.Label, row.PredictedLabel) = (row.Label - 1, row.PredictedLabel - 1); // loading adds the 1 back
        IDataView bare = _ml.Data.LoadFromEnumerable(rows);
        Assert.Null(bare.Schema["Label"].Annotations.Schema.GetColumnOrNull("KeyValues"));
        GroupMetrics metrics = _ml.MulticlassClassification.EvaluateByGroup(bare, "Bright");
        Assert.Equal(
            _ml.MulticlassClassification.EvaluateByGroup(scored, "Bright").Groups.Select(group => group.Correct),
            metrics.Groups.Select(group => group.Correct));
        Assert.Equal(["0", "1", "2"], metrics.ConfusionMatrix.Classes);
        Assert.Equal(names, _ml.MulticlassClassification.EvaluateByGroup(scored, "Bright").ConfusionMatrix.Classes);
    }

    private sealed class BareScore
    {
        [KeyType(3)]
        public uint Label { get; set; }
        [KeyType(3)]
        public uint PredictedLabel { get; set; }
        public bool Bright { get; set; }
        [VectorType(3)]
        public float[] Score { get; set; } = [];
    }

    [Theory]
    [InlineData(typeof(byte))]
    [InlineData(typeof(ushort))]
    [InlineData(typeof(ulong))]
    public void Label_keys_of_any_width_are_accepted(Type width)
    {
        IDataView scored = Score("Text");
        DataKind kind = width == typeof(byte) ? DataKind.Byte : width == typeof(ushort) ? DataKind.UInt16 : DataKind.UInt64;
        IDataView wide = _ml.Transforms.Conversion.ConvertType("Label", outputKind: kind).Fit(scored).Transform(scored);
        Assert.Equal(width, wide.Schema["Label"].Type.RawType);
        Assert.Equal(Json(scored), Json(wide));
    }

    [Fact]
    public void Group_columns_may_be_key_text_number_or_bool()
    {
        IDataView scored = Score("Text");
        scored = _ml.Transforms.Conversion.MapValueToKey("TextKey", "Text").Fit(scored).Transform(scored);
        string[][] groups = [.. new[] { "TextKey", "Text", "Number", "Index", "Bright" }
            .Select(
                column => _ml.MulticlassClassification.EvaluateByGroup(
                    scored, column, options: new() { Grouping = Grouping.AttributeOnly }))
            .Select(metrics => metrics.Groups.Select(group => group.Name).ToArray())];
        Assert.Equal(["oak", "elm", "ash"], groups[0]);
        Assert.Equal(["ash", "elm", "oak"], groups[1]);
        Assert.Equal(["10", "20", "30"], groups[2]);
        Assert.Equal(["0", "1", "2"], groups[3]);
        Assert.Equal(["Bright=False", "Bright=True"], groups[4]);
    }

    [Fact]
    public void Group_counts_are_those_of_the_view()
    {
        IDataView scored = Score("Text");
        GroupCounts counts = GroupCounts.From(scored, "Label", "Bright");
        GroupMetrics metrics = _ml.MulticlassClassification.EvaluateByGroup(scored, "Bright", options: new() { TrainingCounts = counts });
        Assert.Equal(metrics.Groups.Select(group => (long?)group.Count), metrics.Groups.Select(group => group.TrainingCount));
        Assert.Equal(metrics.AverageAccuracy, metrics.AdjustedAccuracy!.Value, 12);
    }

    private IDataView Score(string labelType)
    {
        string[] names = ["oak", "elm", "ash"];
        var random = new Random(3);
        IDataView data = _ml.Data.LoadFromEnumerable(
            Enumerable.Range(0, 300).Select(i => (Class: i % 3, Bright: random.Next(4) == 0)).Select(row => new Example
            {
                Number = 30 - (10 * row.Class),
                Text = names[row.Class],
                Index = row.Class,
                Bright = row.Bright,
                Features = [row.Class + random.NextSingle() + (row.Bright ? 0.7f : 0), random.NextSingle()],
            }).ToArray());
        return _ml.Transforms.Conversion.MapValueToKey("Label", labelType)
            .Append(_ml.MulticlassClassification.Trainers.LbfgsMaximumEntropy())
            .Fit(data).Transform(data);
    }

    private string Json(IDataView scored) => _ml.MulticlassClassification.EvaluateByGroup(scored, "Bright").ToJson();

    private static string Accuracies(GroupMetrics metrics) => string.Join("; ", metrics.Groups
        .OrderBy(group => group.Label, StringComparer.Ordinal).ThenBy(group => group.Attributes[0], StringComparer.Ordinal)
        .Select(
            group => string.Create(CultureInfo.InvariantCulture, $"{group.Label} {group.Attributes[0]} {group.Correct}/{group.Count}")));
}
