using Microsoft.ML;
using Microsoft.ML.Data;
using Studies;

namespace MLSieve.Tests;

public sealed class AreaUnderCurveTests
{
    [Fact]
    public void Of_two_classes_the_area_counts_pairs_that_are_in_order_and_half_of_those_that_tie()
    {
        // Of 24 dogs 22 are at sea, of 24 cats 2; the model sees the place alone, so it knows two scores.
        IReadOnlyDictionary<string, double> figures = FiguresOf(["cat", "dog"], label => label == "dog" ? 22 : 2);
        Assert.Equal(((22 * 22) + (0.5 * ((22 * 2) + (2 * 22)))) / (24 * 24), figures[StudyMetrics.Auc], 1e-6);
    }

    [Fact]
    public void Of_three_classes_and_of_one_there_is_no_area()
    {
        Assert.DoesNotContain(StudyMetrics.Auc, FiguresOf(["bird", "cat", "dog"], _ => 12));
        var ml = new MLContext(seed: 1);
        StudyData data = Data(ml, ["cat", "dog"], _ => 12, tested: "cat");
        ITransformer model = ml.MulticlassClassification.Trainers.LbfgsMaximumEntropy().Fit(data.Train);
        Assert.DoesNotContain(StudyMetrics.Auc, StudyMetrics.Evaluate(ml, model, data.Test));
    }

    private static IReadOnlyDictionary<string, double> FiguresOf(string[] classes, Func<string, int> atSea)
    {
        var ml = new MLContext(seed: 1);
        StudyData data = Data(ml, classes, atSea, tested: null);
        ITransformer model = ml.MulticlassClassification.Trainers.LbfgsMaximumEntropy().Fit(data.Train);
        return StudyMetrics.Evaluate(ml, model, data.Test);
    }

    private static StudyData Data(MLContext ml, string[] classes, Func<string, int> atSea, string? tested)
    {
        Row[] rows =
        [
            ..
               from label in classes
               from i in Enumerable.Range(0, 24)
               select new Row([i < atSea(label) ? 1 : 0], label, i % 2 == 0 ? "even" : "odd"),
        ];
        IDataView all = ml.Data.LoadFromEnumerable(rows);
        return StudyData.From(ml, classes, all, all, ml.Data.LoadFromEnumerable(rows.Where(row => tested is null || row.Label == tested)));
    }

    private sealed record Row([property: VectorType(1)] float[] Features, string Label, string Cue);
}
