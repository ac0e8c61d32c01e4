using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLSieve.Tests;

/// <summary>Small scored views with text labels and places, mapped to keys in the order landbird, waterbird.</summary>
internal static class ScoredRows
{
    internal sealed class Row
    {
        public string Label { get; set; } = "";
        public string PredictedLabel { get; set; } = "";
        public string Place { get; set; } = "";
        public bool Sunny { get; set; }
        [VectorType(2)]
        public float[] Score { get; set; } = [0.5f, 0.5f];
    }

    /// <summary>
    /// Fifteen rows whose metrics are worked by hand in the tests. Right/rows:
    /// landbird on land 6/6, landbird on water 1/2, waterbird on land 1/4, waterbird on water 3/3.
    /// </summary>
    public static Row[] Birds =>
    [
        .. Rows("landbird", "land", right: 6, wrong: 0),
        .. Rows("landbird", "water", right: 1, wrong: 1),
        .. Rows("waterbird", "land", right: 1, wrong: 3),
        .. Rows("waterbird", "water", right: 3, wrong: 0),
    ];

    /// <summary>The rows that are right are sunny, and the top score is .8.</summary>
    public static IEnumerable<Row> Rows(string label, string place, int right, int wrong)
    {
        string other = label == "landbird" ? "waterbird" : "landbird";
        for (int i = 0; i < right + wrong; i++)
        {
            string predicted = i < right ? label : other;
            yield return new Row
            {
                Label = label,
                Place = place,
                PredictedLabel = predicted,
                Sunny = i < right,
                Score = predicted == "landbird" ? [0.8f, 0.2f] : [0.2f, 0.8f],
            };
        }
    }

    /// <summary>The rows as a view: Label and PredictedLabel are keys; Score has no slot names.</summary>
    public static IDataView View(MLContext ml, IEnumerable<Row> rows, string[]? labelKeys = null)
    {
        IDataView Keys(params string[] values) => ml.Data.LoadFromEnumerable(values.Select(value => new { value }));
        IDataView view = ml.Data.LoadFromEnumerable(rows);
        return ml.Transforms.Conversion.MapValueToKey("Label", keyData: Keys(labelKeys ?? ["landbird", "waterbird"]))
            .Append(ml.Transforms.Conversion.MapValueToKey("PredictedLabel", keyData: Keys("landbird", "waterbird")))
            .Fit(view).Transform(view);
    }
}
