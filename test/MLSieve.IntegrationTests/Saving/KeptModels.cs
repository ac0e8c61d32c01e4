using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.FeatureSieve;
using Microsoft.ML.Transforms.Image;

namespace MLSieve.Tests;

/// <summary>
/// The models of which the files of each version are kept, and the rows that they are trained on and score. The rows stay as they are: what
/// earlier versions made of them is kept too.
/// </summary>
internal static class KeptModels
{
    private const int Side = 8;

    /// <summary>What the models read.</summary>
    public static readonly string[] Names = ["vectors", "images", "texts"];

    /// <summary>Trains a model.</summary>
    public static EarlyReadoutTransformer Fit(string name, MLContext ml) => Options(name).Estimator(ml).Fit(Rows(ml));

    /// <summary>The rows, with the columns of every model.</summary>
    public static IDataView Rows(MLContext ml)
    {
        Row[] rows = [.. Enumerable.Range(0, 60).Select(RowOf)];
        IDataView view = ml.Data.LoadFromEnumerable(rows);
        return ml.Transforms.Conversion.MapValueToKey("Label", nameof(Row.Kind)).Fit(view).Transform(view);
    }

    // together they have all that a saved model can hold
    private static TrainerOptions Options(string name)
    {
        TrainerOptions options = name switch
        {
            "vectors" => new EarlyReadoutEstimator.Options
            {
                FeatureColumnName = nameof(Row.Vector),
                Network = { Kind = NetworkKind.Mlp, HiddenUnits = [6, 6] },
                Taps = [new() { Stage = 1 }, new() { Stage = 2, Depth = 1, Width = 4 }],
                Objective = { Kind = ObjectiveKind.AutomaticFeatureReweighting },
            },
            "images" => new FeatureSieveTrainer.Options
            {
                FeatureColumnName = nameof(Row.Image),
                Network = { Kind = NetworkKind.ConvNet, Channels = [4, 4] },
                Readout = { Stage = 1, Depth = 0 },
                ForgetEvery = 2,
            },
            "texts" => new EarlyReadoutEstimator.Options
            {
                TextColumnName = nameof(Row.First),
                SecondTextColumnName = nameof(Row.Second),
                Network = { MaxTokens = 16, Encoder = { Layers = 2, Width = 16, Heads = 2 } },
            },
            _ => throw new ArgumentOutOfRangeException(nameof(name), name, "No such model."),
        };
        (options.GroupColumnName, options.Selection) = (nameof(Row.Place), SelectionMetric.WorstGroupAccuracy);
        (options.Epochs, options.BatchSize, options.ValidationFraction, options.Seed) = (3, 16, 0.25, 7);
        return options;
    }

    private static Row RowOf(int i)
    {
        string[] kinds = ["bar", "disc", "ring"], words = ["Superb", "dull", "très long"], subjects = ["film", "book", "play", "opera"];
        int kind = i % kinds.Length;
        var pixels = new byte[4 * Side * Side];
        for (int p = 0; p < pixels.Length; p++)
            pixels[p] = (byte)(p % 4 == 3 ? 255 : p % 4 == kind ? 200 - i : (7 * p + 3 * i) % 90);
        return new Row
        {
            Vector = [kind / 2f, i % 5 / 5f, i % 7 / 7f, i % 2],
            Image = MLImage.CreateFromPixels(Side, Side, MLPixelFormat.Rgba32, pixels),
            First = $"The {subjects[i % 4]} was {words[kind]}.",
            Second = i % 2 == 0 ? "Once more" : $"A {subjects[i % 3]}",
            Kind = kinds[kind],
            Place = i / 3 % 2 == 0 ? "land" : "water",
        };
    }

    private sealed class Row
    {
        [VectorType(4)]
        public float[] Vector { get; set; } = [];

        [ImageType(Side, Side)]
        public required MLImage Image { get; set; }

        public string First { get; set; } = "";

        public string Second { get; set; } = "";

        public string Kind { get; set; } = "";

        public string Place { get; set; } = "";
    }
}
