using System.Diagnostics;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;

namespace MLSieve.Speed;

/// <summary>
/// Rows per second of a small Mlp, side by side in one run: our Transform, the stock OnnxTransformer over the same graph, and the bare session on arrays that lie
/// ready. Rounds alternate, and each way's best round counts, so that a busy machine slows all alike.
/// </summary>
internal static class ScoringSpeed
{
    private const int Rows = 20_000;
    private const int Features = 32;
    private const int Hidden = 64;
    private const int Classes = 4;
    private const int Rounds = 7;

    public static void Run()
    {
        var ml = new MLContext(seed: 1);
        var random = new Random(1);
        Row[] rows = [.. Enumerable.Range(0, Rows).Select(i => new Row { Features = Draw(random, Features), Name = $"class {i % Classes}" })];
        IDataView data = ml.Data.LoadFromEnumerable(rows);
        data = ml.Data.Cache(ml.Transforms.Conversion.MapValueToKey("Label", "Name").Fit(data).Transform(data));

        var columns = new ScoringColumns("Features", "Label", "Score", "PredictedLabel", FeatureShape.Vector(Features));
        using EarlyReadoutTransformer ours = EarlyReadoutTransformer.Create(data.Schema, columns, (graph, x) => Mlp(graph, x, random));
        using var graph = new MemoryStream(ours.Graph.Bytes);
        ITransformer stock = ml.Transforms.ApplyOnnxModel(["Score"], ["Features"], graph).Fit(data);
        IDataView stockView = stock.Transform(data);
        IDataView oursView = ours.Transform(data);
        float[] packed = [.. rows.SelectMany(row => row.Features)];
        float[] scores = new float[Rows * Classes];

        (string Name, Action Pass, double Best)[] ways =
        [
            ("Transform (this library)", () => Read(oursView), double.MaxValue),
            ("stock OnnxTransformer", () => Read(stockView), double.MaxValue),
            ("bare batched session", () => Bare(ours.Session, packed, scores), double.MaxValue),
        ];
        for (int round = 0; round < Rounds; round++)
        {
            for (int i = 0; i < ways.Length; i++)
            {
                var clock = Stopwatch.StartNew();
                ways[i].Pass();
                if (round > 0) ways[i].Best = Math.Min(ways[i].Best, clock.Elapsed.TotalSeconds);
            }
        }

        Console.WriteLine($"Scoring {Rows} rows of {Features} features, Mlp {Features}-{Hidden}-{Hidden}-{Classes}, best of {Rounds - 1} rounds");
        foreach ((string name, _, double best) in ways) Console.WriteLine($"  {name,-26} {Rows / best / 1000,8:F0} k rows/s");
        Console.WriteLine($"  Transform / stock {ways[1].Best / ways[0].Best:F1}   Transform / bare {ways[2].Best / ways[0].Best:F2}");
        (stock as IDisposable)?.Dispose();
    }

    private static void Read(IDataView view)
    {
        using DataViewRowCursor cursor = view.GetRowCursor([view.Schema["Score"]]);
        ValueGetter<VBuffer<float>> getter = cursor.GetGetter<VBuffer<float>>(view.Schema["Score"]);
        VBuffer<float> score = default;
        while (cursor.MoveNext()) getter(ref score);
    }

    private static void Bare(ScoringSession session, float[] rows, float[] scores)
    {
        for (int start = 0; start < Rows; start += session.BatchRows)
        {
            int count = Math.Min(session.BatchRows, Rows - start);
            session.Score(rows.AsMemory(start * Features), count, scores.AsMemory(start * Classes));
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
