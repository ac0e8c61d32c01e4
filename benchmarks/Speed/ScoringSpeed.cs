using System.Diagnostics;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.EarlyReadout.Networks;
using Microsoft.ML.OnnxRuntime;

namespace MLSieve.Speed;

/// <summary>
/// Rows per second of a small Mlp, side by side in one run: our Transform, the stock OnnxTransformer over the same graph, and raw sessions
/// on arrays that lie ready: one with ONNX Runtime's defaults, as a user would write it, and our own. The last line, reading the rows and
/// nothing else, is what no view can go below. Rounds alternate and each way's best round counts. On a busy machine trust the processor
/// time: the wall clock then measures its other users.
/// </summary>
internal static class ScoringSpeed
{
    private const int Rows = 20_000;
    private const int Features = 32;
    private const int Hidden = 64;
    private const int Classes = 4;
    private const int Batch = 256;
    private const int Rounds = 5;
    private const int Passes = 8;

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
        IDataView oursView = ours.Transform(data);
        float[] packed = [.. rows.SelectMany(row => row.Features)];
        float[] scores = new float[Rows * Classes];

        (string Name, Action Pass, double Wall, double Processor)[] ways =
        [
            ("Transform (this library)", () => Read(oursView, "Score"), double.MaxValue, double.MaxValue),
            ("stock OnnxTransformer", () => Read(stockView, "Score"), double.MaxValue, double.MaxValue),
            ("raw session, default", () => Raw(raw, packed, scores), double.MaxValue, double.MaxValue),
            ("raw session, ours", () => Raw(ours.Session, packed, scores), double.MaxValue, double.MaxValue),
            ("reading the rows alone", () => Read(data, "Features"), double.MaxValue, double.MaxValue),
        ];
        using Process process = Process.GetCurrentProcess();
        foreach (var way in ways) way.Pass();
        for (int round = 0; round < Rounds; round++)
        {
            for (int i = 0; i < ways.Length; i++)
            {
                TimeSpan processor = process.TotalProcessorTime;
                var clock = Stopwatch.StartNew();
                for (int pass = 0; pass < Passes; pass++) ways[i].Pass();
                double wall = clock.Elapsed.TotalSeconds / Passes;
                process.Refresh();
                ways[i].Wall = Math.Min(ways[i].Wall, wall);
                ways[i].Processor = Math.Min(ways[i].Processor, (process.TotalProcessorTime - processor).TotalSeconds / Passes);
            }
        }

        Console.WriteLine(
            $"Scoring {Rows} rows of {Features} features, Mlp {Features}-{Hidden}-{Hidden}-{Classes}, best of {Rounds} rounds of {Passes} "
                + "passes");
        Console.WriteLine($"  {"thousand rows a second of",-26} {"wall clock",12} {"processor",12}");
        foreach ((string name, _, double wall, double processor) in ways) Console.WriteLine(
            $"  {name,-26} {Rows / wall / 1000,12:F0} {Rows / processor / 1000,12:F0}");
        for (int i = 1; i < 4; i++)
            Console.WriteLine(
                $"  {"Transform over " + ways[i].Name,-38} {ways[i].Wall / ways[0].Wall:F2} {ways[i].Processor / ways[0].Processor:F2}");
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
