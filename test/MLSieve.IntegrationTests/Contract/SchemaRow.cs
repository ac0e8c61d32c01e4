using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms;
using Microsoft.ML.Transforms.Image;

namespace MLSieve.Tests;

/// <summary>A row with a column of every type that a column option may be given, by mistake or rightly.</summary>
internal sealed class SchemaRow
{
    public const int Side = 4;

    [VectorType(3)]
    public float[] Vector { get; set; } = [];

    /// <summary>Vectors whose length the type does not tell.</summary>
    public float[] Unsized { get; set; } = [];

    [VectorType(3)]
    public double[] Doubles { get; set; } = [];

    public string Text { get; set; } = "";

    public string Note { get; set; } = "";

    public float Number { get; set; }

    public bool Flag { get; set; }

    [VectorType(2)]
    public string[] Words { get; set; } = [];

    /// <summary>A key without values.</summary>
    [KeyType(3)]
    public uint Bare { get; set; }

    [ImageType(Side, Side)]
    public required MLImage Image { get; set; }

    [VectorType(2, 2)]
    public float[] Map { get; set; } = [];

    /// <summary>
    /// Rows of three classes, with key columns besides: Key, with values; Uncounted, a hash; Keys, a vector of them; Taught, as a teacher's
    /// scores; and what a classifier and its readout R would add.
    /// </summary>
    public static IDataView View(MLContext ml, int count = 24)
    {
        IDataView rows = ml.Data.LoadFromEnumerable(Enumerable.Range(0, count).Select(i => new SchemaRow
        {
            Vector = [i % 3 == 0 ? 1 : 0, i % 3 == 1 ? 1 : 0, i % 3 == 2 ? 1 : 0],
            Unsized = [1, 2],
            Doubles = [1, 2, 3],
            Text = $"class {i % 3}",
            Note = $"row {i}",
            Number = i % 3,
            Flag = i % 2 == 0,
            Words = ["a", "b"],
            Bare = (uint)(i % 3) + 1,
            Image = MLImage.CreateFromPixels(
                Side, Side, MLPixelFormat.Rgba32, [.. Enumerable.Range(0, 4 * Side * Side).Select(each => (byte)(40 * i + each))]),
            Map = [1, 2, 3, 4],
        }));
        var key = ml.Transforms.Conversion;
        return key.MapValueToKey("Key", "Text", keyOrdinality: ValueToKeyMappingEstimator.KeyOrdinality.ByValue)
            .Append(key.Hash("Uncounted", "Text", numberOfBits: 31))
            .Append(key.MapValueToKey("Keys", "Words"))
            .Append(ml.Transforms.CopyColumns("Taught", "Vector"))
            .Append(ml.Transforms.CopyColumns("PredictedLabel", "Key"))
            .Append(ml.Transforms.CopyColumns("Score", "Vector"))
            .Append(ml.Transforms.CopyColumns("R.Score", "Vector"))
            .Append(ml.Transforms.CopyColumns("R.PredictedLabel", "Key"))
            .Append(ml.Transforms.CopyColumns("R.Margin", "Number"))
            .Fit(rows).Transform(rows);
    }
}
