using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.EarlyReadout.Networks;
using Microsoft.ML.OnnxRuntime;

namespace MLSieve.Speed;

/// <summary>
/// Scoring by a small Mlp: our Transform, the stock OnnxTransformer over the same graph, which is what the saved zip runs, and raw sessions
/// on arrays that lie ready: one with ONNX Runtime's defaults, as a user would write it, and our own. To read the rows and nothing else is
/// what no view can go below.
/// </summary>
internal static class ScoringSpeed
{
    private const int Rows = 50_000;
    private const int Features = 32;
    private const int Hidden = 64;
    private const int Classes = 4;
    private const int Batch = 256;
    private const int Rounds = 5;
    private const int WarmUp = 20;
    private const string Ours = "Transform", Stock = "stock OnnxTransformer";

    public static void Run()
    {
        var ml = new MLContext(seed: 1);
        var random = new Random(1);
        Row[] rows =
        [
            .. Enumerable.Range(0, Rows).Select(i => new Row { Features = Draw(random, Features), Name = $"class {i % Classes}" }),
        ];
        IDataView data = ml.Data.LoadFromEnumerable(rows);
        data = ml.Data.Cache(ml.Transforms.Conversion.MapValueToKey("Label", "Name").Fit(data).Transform(data));

        var columns = new ScoringColumns("Features", "Label", "Score", "PredictedLabel", FeatureShape.Vector(Features));
        using EarlyReadoutTransformer ours = EarlyReadoutTransformer.Create(
            data.Schema, StockHead.Fit(data.Schema["Label"]), columns,
            (graph, x) => new GraphValues(new ExportedNetwork(Mlp(graph, x, random), null, 0, []), []));
        using var raw = new InferenceSession(ours.Graph.Bytes);
        using var graph = new MemoryStream(ours.Graph.Bytes);
        ITransformer stock = ml.Transforms.ApplyOnnxModel(["Score"], ["Features"], graph).Fit(data);
        IDataView stockView = stock.Transform(data);
        var oursView = (ScoredView)ours.Transform(data);
        float[] packed = [.. rows.SelectMany(row => row.Features)];
        float[] scores = new float[Rows * Classes];

        Way[] Ways(Clock clock) =>
        [
            Way.By(clock, Ours, () => Read(oursView, "Score")),
            Way.By(clock, "Transform, one thread", () => Read(oursView.By(1), "Score")),
            Way.By(clock, Stock, () => Read(stockView, "Score")),
            Way.By(clock, "raw session, default", () => Raw(raw, packed, scores)),
            Way.By(clock, "raw session, ours", () => Raw(ours.Session, packed, scores)),
            Way.By(clock, "reading the rows alone", () => Read(data, "Features")),
        ];
        Way[] wall = Ways(Clock.Wall), processor = Ways(Clock.Processor);
        foreach (Way way in processor.Where(way => way.Name != Stock))
            for (int pass = 0; pass < WarmUp; pass++) way.Seconds(); // until the compiler has made of each what it will stay
        Comparison byProcessor = new(Rounds, processor), byWall = new(Rounds, wall);
        Console.WriteLine($"Scoring {Rows} rows of {Features} features, Mlp {Features}-{Hidden}-{Hidden}-{Classes}, {Rounds} rounds");
        Console.WriteLine("| way | thousand rows a second of processor time | way / Transform, processor time | the same, wall clock |");
        Console.WriteLine("|---|---|---|---|");
        foreach (Way way in processor)
        {
            Console.WriteLine(FormattableString.Invariant($"| {way.Name} | {Rows / byProcessor.Seconds(way.Name) / 1000:F0} | ")
                + $"{byProcessor.Ratio(way.Name, Ours)} | {byWall.Ratio(way.Name, Ours)} |");
        }

        (stock as IDisposable)?.Dispose();
    }

    private static void Read(IDataView view, string column)
    {
        using DataViewRowCursor cursor = view.GetRowCursor([view.Schema[column]]);
        ValueGetter<VBuffer<float>> getter = cursor.GetGetter<VBuffer<float>>(view.Schema[column]);
        VBuffer<float> value = default;
        while (cursor.MoveNext()) getter(ref value);
    }

    private static void Raw(ScoringSession session, float[] rows, float[] scores)
    {
        for (int start = 0; start < Rows; start += Batch)
        {
            int count = Math.Min(Batch, Rows - start);
            session.Logits(rows.AsMemory(start * Features), count, scores.AsMemory(start * Classes));
        }
    }

    private static void Raw(InferenceSession session, float[] rows, float[] scores)
    {
        using var options = new RunOptions();
        for (int start = 0; start < Rows; start += Batch)
        {
            int count = Math.Min(Batch, Rows - start);
            using OrtValue input = OrtValue.CreateTensorValueFromMemory(
                OrtMemoryInfo.DefaultInstance, rows.AsMemory(start * Features, count * Features), [count, Features]);
            using OrtValue output = OrtValue.CreateTensorValueFromMemory(
                OrtMemoryInfo.DefaultInstance, scores.AsMemory(start * Classes, count * Classes), [count, Classes]);
            session.Run(options, ["Features"], [input], ["Score"], [output]);
        }
    }

    private static string Mlp(OnnxGraph graph, string x, Random random)
    {
        string hidden = Linear(graph, x, Features, Hidden, random);
        hidden = Linear(graph, graph.Node("Relu", [hidden]), Hidden, Hidden, random);
        return Linear(graph, graph.Node("Relu", [hidden]), Hidden, Classes, random);
    }

    private static string Linear(OnnxGraph graph, string x, int from, int to, Random random) => graph.Node("Gemm",
        [x, graph.Constant("weight", Draw(random, from * to), from, to), graph.Constant("bias", Draw(random, to), to)]);

    private static float[] Draw(Random random, int count) => [.. Enumerable.Range(0, count).Select(_ => 0.4f * random.NextSingle() - 0.2f)];

    private sealed class Row
    {
        [VectorType(ScoringSpeed.Features)]
        public float[] Features { get; set; } = [];

        public string Name { get; set; } = "";
    }
}
