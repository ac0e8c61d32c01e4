using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.OnnxRuntime;
using static TorchSharp.torch;

namespace MLSieve.Speed;

/// <summary>
/// Texts of 2 to 60 words, scored by the default text encoder: our Transform, which cuts them into tokens and scores those of like length
/// together, against a raw session of the same graph on the texts in their order; in turns, by processor time.
/// </summary>
internal static class TextSpeed
{
    private const int Texts = 192;
    private const int MaxTokens = 64;
    private const int Batch = 64;
    private const int Rounds = 5;

    public static void Run()
    {
        NativeBackend.EnsureLoaded();
        set_num_threads(1);
        var ml = new MLContext(seed: 1);
        var random = new Random(1);
        string[] words = [.. Enumerable.Range(0, 500).Select(_ =>
            new string([.. Enumerable.Range(0, random.Next(2, 9)).Select(_ => (char)('a' + random.Next(26)))]))];
        Row[] rows = [.. Enumerable.Range(0, Texts).Select(i => new Row
        {
            Text = string.Join(' ', Enumerable.Range(0, random.Next(2, 61)).Select(_ => words[random.Next(words.Length)])),
            Class = $"class {i % 2}",
        })];
        IDataView view = ml.Data.LoadFromEnumerable(rows);
        IDataView labelled = ml.Transforms.Conversion.MapValueToKey("Label", "Class").Fit(view).Transform(view);
        using EarlyReadoutTransformer model = ml.Transforms.EarlyReadout(new EarlyReadoutEstimator.Options
        {
            TextColumnName = nameof(Row.Text),
            Epochs = 1,
            Network = { MaxTokens = MaxTokens },
        }).Fit(ml.Data.TakeRows(labelled, 64));
        using var options = new SessionOptions { IntraOpNumThreads = 1 };
        using var raw = new InferenceSession(model.Graph.Bytes, options);
        var scored = ((ScoredView)model.Transform(labelled)).By(1);
        var comparison = new Comparison(Rounds,
            Way.By(Clock.Processor, "ours", () => _ = scored.GetColumn<float[]>("Score").Count()),
            Way.By(Clock.Processor, "raw", () => Raw(raw, model, rows)));
        Console.WriteLine(FormattableString.Invariant($"{Texts} texts of 2 to 60 words, up to {MaxTokens} tokens: Transform ")
            + FormattableString.Invariant($"{Texts / comparison.Seconds("ours"):F0} texts a second of processor time; ")
            + $"raw session in batches of {Batch} as they come / Transform: {comparison.Ratio("raw", "ours")}");
    }

    private static void Raw(InferenceSession session, EarlyReadoutTransformer model, Row[] rows)
    {
        using var run = new RunOptions();
        foreach (Row[] batch in rows.Chunk(Batch))
        {
            using OrtValue texts = OrtValue.CreateTensorWithEmptyStrings(OrtAllocator.DefaultInstance, [batch.Length, 1]);
            for (int i = 0; i < batch.Length; i++) texts.StringTensorSetElementAt(batch[i].Text.AsSpan(), i);
            session.Run(run, [model.Graph.Input], [texts], [model.Graph.Network.Score]).Dispose();
        }
    }

    private sealed class Row
    {
        public string Text { get; set; } = "";

        public string Class { get; set; } = "";
    }
}
