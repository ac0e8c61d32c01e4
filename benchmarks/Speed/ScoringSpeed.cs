using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.EarlyReadout.Networks;
using Microsoft.ML.OnnxRuntime;

namespace MLSieve.Speed;

/// <summary>
/// Scoring by a small Mlp, of which a row costs less than to hand it over, and by the default ConvNet: our Transform, the stock
/// OnnxTransformer over the same graph, which is what the saved zip runs, and raw sessions on arrays that lie ready: one with ONNX
/// Runtime's defaults, as a user would write it, and our own. To read the rows and nothing else is what no view can go below.
/// </summary>
internal static class ScoringSpeed
{
    private const int Classes = 4;
    private const int Batch = 256;
    private const int Rounds = 5;
    private const int WarmUp = 20;
    private const int Taught = 64; // rows that the model is trained on: its scores mean nothing
    private const string Ours = "Transform", Stock = "stock OnnxTransformer";

    public static void Run()
    {
        string folder = Directory.CreateTempSubdirectory("mlsieve-speed-").FullName;
        try
        {
            Compare(new("Mlp 32-64-64-4", new() { Kind = NetworkKind.Mlp, HiddenUnits = [64, 64] }, [32], Rows: 50_000, WarmUp), folder);
            Compare(
                new("default ConvNet, 3 × 32 × 32", new() { Kind = NetworkKind.ConvNet }, [3, 32, 32], Rows: 2_048, WarmUp: 1), folder);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void Compare(Case of, string folder)
    {
        var ml = new MLContext(seed: 1);
        var random = new Random(1);
        Row[] rows =
        [
            .. Enumerable.Range(0, of.Rows).Select(i => new Row { Features = Draw(random, of.Features), Name = $"class {i % Classes}" }),
        ];
        SchemaDefinition schema = SchemaDefinition.Create(typeof(Row));
        schema[nameof(Row.Features)].ColumnType = new VectorDataViewType(NumberDataViewType.Single, of.Shape);
        IDataView data = ml.Data.LoadFromEnumerable(rows, schema);
        data = ml.Data.Cache(ml.Transforms.Conversion.MapValueToKey("Label", "Name").Fit(data).Transform(data));

        using EarlyReadoutTransformer ours = ml.Transforms.EarlyReadout(new EarlyReadoutEstimator.Options
        {
            Network = of.Network,
            Epochs = 1,
        }).Fit(ml.Data.TakeRows(data, Taught));
        using var raw = new InferenceSession(ours.Graph.Bytes);
        string graph = Path.Combine(folder, "model.onnx"); // ML.NET would copy a stream to a file that it never deletes
        File.WriteAllBytes(graph, ours.Graph.Bytes);
        using var stock = ml.Transforms.ApplyOnnxModel(["Score"], ["Features"], graph).Fit(data);
        IDataView stockView = stock.Transform(data);
        var oursView = (ScoredView)ours.Transform(data);
        float[] packed = [.. rows.SelectMany(row => row.Features)];
        float[] scores = new float[of.Rows * Classes];

        Way[] Ways(Clock clock) =>
        [
            Way.By(clock, Ours, () => Read(oursView, "Score")),
            Way.By(clock, "Transform, one thread", () => Read(oursView.By(1), "Score")),
            Way.By(clock, Stock, () => Read(stockView, "Score")),
            Way.By(clock, "raw session, default", () => Raw(raw, of, packed, scores)),
            Way.By(clock, "raw session, ours", () => Raw(ours.Session, of, packed, scores)),
            Way.By(clock, "reading the rows alone", () => Read(data, "Features")),
        ];
        Way[] wall = Ways(Clock.Wall), processor = Ways(Clock.Processor);
        foreach (Way way in processor.Where(way => way.Name != Stock))
            for (int pass = 0; pass < of.WarmUp; pass++) way.Seconds(); // until the compiler has made of each what it will stay
        Comparison byProcessor = new(Rounds, processor), byWall = new(Rounds, wall);
        Console.WriteLine($"{of.Name}, {of.Rows} rows, {Rounds} rounds");
        Console.WriteLine("| way | thousand rows a second of processor time | way / Transform, processor time | the same, wall clock |");
        Console.WriteLine("|---|---|---|---|");
        foreach (Way way in processor)
        {
            Console.WriteLine(FormattableString.Invariant($"| {way.Name} | {of.Rows / byProcessor.Seconds(way.Name) / 1000:F1} | ")
                + $"{byProcessor.Ratio(way.Name, Ours)} | {byWall.Ratio(way.Name, Ours)} |");
        }
    }

    private static void Read(IDataView view, string column)
    {
        using DataViewRowCursor cursor = view.GetRowCursor([view.Schema[column]]);
        ValueGetter<VBuffer<float>> getter = cursor.GetGetter<VBuffer<float>>(view.Schema[column]);
        VBuffer<float> value = default;
        while (cursor.MoveNext()) getter(ref value);
    }

    private static void Raw(ScoringSession session, Case of, float[] rows, float[] scores)
    {
        for (int start = 0; start < of.Rows; start += Batch)
        {
            int count = Math.Min(Batch, of.Rows - start);
            session.Logits(rows.AsMemory(start * of.Features), count, scores.AsMemory(start * Classes));
        }
    }

    private static void Raw(InferenceSession session, Case of, float[] rows, float[] scores)
    {
        using var options = new RunOptions();
        for (int start = 0; start < of.Rows; start += Batch)
        {
            int count = Math.Min(Batch, of.Rows - start);
            using OrtValue input = OrtValue.CreateTensorValueFromMemory(
                OrtMemoryInfo.DefaultInstance, rows.AsMemory(start * of.Features, count * of.Features),
                [count, .. of.Shape.Select(length => (long)length)]);
            using OrtValue output = OrtValue.CreateTensorValueFromMemory(
                OrtMemoryInfo.DefaultInstance, scores.AsMemory(start * Classes, count * Classes), [count, Classes]);
            session.Run(options, ["Features"], [input], ["Score"], [output]);
        }
    }

    private static float[] Draw(Random random, int count) => [.. Enumerable.Range(0, count).Select(_ => 0.4f * random.NextSingle() - 0.2f)];

    /// <param name="Name">What it is called.</param>
    /// <param name="Network">The network.</param>
    /// <param name="Shape">The dimensions of a row.</param>
    /// <param name="Rows">How many rows are scored.</param>
    /// <param name="WarmUp">How often they are before.</param>
    private sealed record Case(string Name, NetworkOptions Network, int[] Shape, int Rows, int WarmUp)
    {
        public int Features => Shape.Aggregate(1, (product, length) => product * length);
    }

    private sealed class Row
    {
        public float[] Features { get; set; } = [];

        public string Name { get; set; } = "";
    }
}
