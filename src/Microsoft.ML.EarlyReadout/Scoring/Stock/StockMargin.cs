using Microsoft.ML.Data;
using Microsoft.ML.Trainers;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// A stock linear regressor of one feature that stands behind the exported graph in a saved model. It makes what no ONNX graph can: a
/// column of single numbers rather than of vectors of length 1.
/// </summary>
/// <remarks>It computes <c>w·x + b</c>; the graph hands it <c>x = (margin − b)/w</c>.</remarks>
internal sealed class StockMargin
{
    /// <summary>The column that it reads.</summary>
    public const string InputColumn = ColumnNameRules.Reserved + "MarginInput";

    private StockMargin(ITransformer transformer, float weight, float shift)
    {
        Transformer = transformer;
        Weight = weight;
        Shift = shift;
    }

    /// <summary>The regressor. Its output column is named Score.</summary>
    public ITransformer Transformer { get; }

    /// <summary>w.</summary>
    public float Weight { get; }

    /// <summary>b.</summary>
    public float Shift { get; }

    /// <summary>
    /// Fits the regressor to two points of the identity: which line it is hardly matters, only that it is none of constant value.
    /// </summary>
    public static StockMargin Fit()
    {
        var ml = new MLContext(seed: 0);
        SchemaDefinition schema = SchemaDefinition.Create(typeof(Point));
        schema[nameof(Point.Margin)].ColumnType = OneHotView.HeadInputType(1);
        schema[nameof(Point.Margin)].ColumnName = InputColumn;
        IDataView points = ml.Data.LoadFromEnumerable(
            Enumerable.Range(0, 100).Select(i => new Point { Margin = [i % 2], Label = i % 2 }), schema);
        RegressionPredictionTransformer<LinearRegressionModelParameters> line = ml.Regression.Trainers.OnlineGradientDescent(
            new OnlineGradientDescentTrainer.Options
            {
                FeatureColumnName = InputColumn,
                LabelColumnName = nameof(Point.Label),
                NumberOfIterations = 10,
            })
                .Fit(points);
        return Over(line, line.Model);
    }

    /// <summary>A regressor that was fitted, saved and loaded by ML.NET.</summary>
    public static StockMargin Over(ITransformer transformer, LinearRegressionModelParameters model) =>
        new(transformer, model.Weights[0], model.Bias);

    private sealed class Point
    {
        public float[] Margin { get; set; } = [];

        public float Label { get; set; }
    }
}
