using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

/// <summary>What the tests of texts share: a context with its log, a folder, and a small network that is trained on texts of two
/// moods.</summary>
internal sealed class MoodTexts : IDisposable
{
    public MoodTexts() => Ml.Log += (_, line) => Log.Add(line.RawMessage);

    public MLContext Ml { get; } = new(seed: 1);

    public List<string> Log { get; } = [];

    public string Folder { get; } = Directory.CreateTempSubdirectory("texts").FullName;

    public static NetworkOptions Small() => new() { MaxTokens = 16, Encoder = { Layers = 2, Width = 32, Heads = 2, Dropout = 0.1 } };

    public static EarlyReadoutEstimator.Options Options(int epochs) => new()
    {
        TextColumnName = "Text",
        Network = Small(),
        Epochs = epochs,
        BatchSize = 16,
        Optimizer = { Kind = OptimizerKind.AdamW, LearningRate = 2e-3 },
        Taps = [new EarlyReadoutEstimator.Tap { Stage = 1 }],
    };

    public static float[][] Scores(EarlyReadoutTransformer model, IDataView data) =>
        [.. model.Transform(data).GetColumn<float[]>("Score")];

    /// <summary>Praise and blame in sentences of 3 to 13 words.</summary>
    public static Row[] Draw(int count, int seed)
    {
        string[] good = ["great", "lovely", "superb"], bad = ["awful", "dull", "poor"];
        string[] other = ["the", "film", "was", "a", "story", "and", "so"];
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(i =>
        {
            bool isGood = i % 2 == 0;
            string[] words =
            [
                .. Enumerable.Range(0, random.Next(2, 13)).Select(_ => other[random.Next(other.Length)]),
                (isGood ? good : bad)[random.Next(3)],
            ];
            random.Shuffle(words);
            return new Row { Text = string.Join(' ', words), Mood = isGood ? "good" : "bad" };
        })];
    }

    public EarlyReadoutEstimator Readouts(int epochs = 6) => Ml.Transforms.EarlyReadout(Options(epochs));

    public IDataView View(Row[] rows) =>
        Ml.Transforms.Conversion.MapValueToKey("Label", "Mood").Fit(Ml.Data.LoadFromEnumerable(rows))
            .Transform(Ml.Data.LoadFromEnumerable(rows));

    public void Dispose() => Directory.Delete(Folder, recursive: true);

    public sealed class Row
    {
        public string Text { get; set; } = "";

        public string Mood { get; set; } = "";
    }
}
