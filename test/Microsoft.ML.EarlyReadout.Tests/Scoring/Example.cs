using Microsoft.ML;
using Microsoft.ML.Data;

namespace MLSieve.Tests;

/// <summary>A row with four features, a label as text and as a number, and columns that scoring must carry along.</summary>
internal sealed class Example
{
    [VectorType(4)]
    public float[] Features { get; set; } = [];

    public string Name { get; set; } = "";

    public int Number { get; set; }

    public string Note { get; set; } = "";

    [VectorType]
    public int[] Tags { get; set; } = [];

    /// <summary>Draws rows from a seed.</summary>
    public static Example[] Draw(int count, int classes = 3, int seed = 7)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(i =>
        {
            int label = i < classes ? i : random.Next(classes);
            return new Example
            {
                Features = [.. Enumerable.Range(0, 4).Select(_ => 4 * random.NextSingle() - 2)],
                Name = $"class {label}",
                Number = 100 * label,
                Note = $"row {i}",
                Tags = [.. Enumerable.Range(0, i % 3)],
            };
        })];
    }

    /// <summary>Rows as a view with the label as a key.</summary>
    /// <param name="ml">The context.</param>
    /// <param name="rows">The rows.</param>
    /// <param name="label">Which column becomes the label: <c>Name</c> or <c>Number</c>.</param>
    public static IDataView View(MLContext ml, IEnumerable<Example> rows, string label = "Name")
    {
        IDataView view = ml.Data.LoadFromEnumerable(rows);
        return ml.Transforms.Conversion.MapValueToKey("Label", label).Fit(view).Transform(view);
    }
}

/// <summary>What scoring a row gives.</summary>
internal sealed class Prediction
{
    public float[] Score { get; set; } = [];

    public string Note { get; set; } = "";

    [ColumnName("PredictedLabel")]
    public uint Predicted { get; set; }
}
