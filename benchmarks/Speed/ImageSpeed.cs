using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;
using SkiaSharp;

namespace MLSieve.Speed;

/// <summary>
/// A folder of JPEG photographs, 500 × 375 pixels: what <c>Fit</c> reads of it, whole and decoded no larger than needed, and
/// <c>Transform</c> by a small convolutional network; each by one thread that takes turns and by the threads of this machine side by side.
/// </summary>
internal static class ImageSpeed
{
    private const int Files = 64;
    private const int Count = 256;
    private const int Side = 64;
    private const int Rounds = 3;
    private const int Taught = 64; // rows that the model is trained on: its scores mean nothing

    public static void Run()
    {
        string folder = Directory.CreateTempSubdirectory("mlsieve-speed-").FullName;
        try
        {
            Write(folder);
            Measure(folder);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void Measure(string folder)
    {
        NativeBackend.EnsureLoaded();
        var ml = new MLContext(seed: 1);
        Row[] rows = [.. Enumerable.Range(0, Count).Select(i => new Row { Path = Name(i % Files), Class = $"class {i % 2}" })];
        IDataView paths = ml.Data.LoadFromEnumerable(rows);
        IDataView images = Apply(ml.Transforms.Conversion.MapValueToKey("Label", "Class")
            .Append(ml.Transforms.LoadImages("Image", folder, "Path"))
            .Append(ml.Transforms.ResizeImages("Image", Side, Side)), paths);
        int threads = Environment.ProcessorCount;
        Console.WriteLine(FormattableString.Invariant(
            $"{Count} rows of JPEG, 500 × 375 to {Side} × {Side}; wall clock and, for rows a second, processor time"));
        Console.WriteLine("| what | rows a second of processor time | one thread / side by side |");
        Console.WriteLine("|---|---|---|");
        Compare("Fit reads images", by => Read(images, by), threads);
        IDataView scaled = Apply(ml.Transforms.Conversion.MapValueToKey("Label", "Class")
            .Append(ml.Transforms.LoadScaledImages("Image", folder, Side, Side, "Path"))
            .Append(ml.Transforms.ResizeImages("Image", Side, Side)), paths);
        Compare("Fit reads images, JPEG scaled", by => Read(scaled, by), threads);
        CompareScales(images, scaled);
        using EarlyReadoutTransformer model = Model(ml.Data.TakeRows(images, Taught));
        Compare("Transform, images", by => Score(model, images, by), threads);
    }

    private static void Compare(string what, Action<int> work, int threads)
    {
        var comparison = new Comparison(Rounds,
            Way.By(Clock.Wall, "one", () => work(1)), Way.By(Clock.Wall, "several", () => work(threads)),
            Way.By(Clock.Processor, "processor", () => work(1)));
        Console.WriteLine(FormattableString.Invariant(
            $"| {what} | {Count / comparison.Seconds("processor"):F0} | {comparison.Ratio("one", "several")} |"));
    }

    private static void CompareScales(IDataView whole, IDataView scaled)
    {
        var comparison = new Comparison(Rounds,
            Way.By(Clock.Processor, "whole", () => Read(whole, 1)), Way.By(Clock.Processor, "scaled", () => Read(scaled, 1)));
        Console.WriteLine($"| JPEG whole / scaled, processor time | – | {comparison.Ratio("whole", "scaled")} |");
    }

    private static void Read(IDataView view, int threads)
    {
        var budget = new MemoryBudget(long.MaxValue, Path.GetTempPath(), _ => { });
        var reader = new TrainingSetReader(
            view, new TrainingColumns("Image", "Label"), new InputOptions(), budget, _ => { }, _ => { }, null)
        {
            Threads = threads,
        };
        reader.Read(CancellationToken.None).Dispose();
    }

    private static EarlyReadoutTransformer Model(IDataView images)
    {
        var options = new EarlyReadoutEstimator.Options
        {
            FeatureColumnName = "Image",
            Epochs = 1,
            Network = new NetworkOptions { Kind = NetworkKind.ConvNet },
        };
        return new MLContext(seed: 1).Transforms.EarlyReadout(options).Fit(images);
    }

    private static void Score(EarlyReadoutTransformer model, IDataView images, int threads)
    {
        ScoredView scored = ((ScoredView)model.Transform(images)).By(threads);
        using DataViewRowCursor cursor = scored.GetRowCursor([scored.Schema["Score"]]);
        ValueGetter<VBuffer<float>> getter = cursor.GetGetter<VBuffer<float>>(scored.Schema["Score"]);
        VBuffer<float> score = default;
        while (cursor.MoveNext()) getter(ref score);
    }

    private static void Write(string folder)
    {
        var random = new Random(1);
        for (int file = 0; file < Files; file++)
        {
            using var bitmap = new SKBitmap(500, 375);
            using (var canvas = new SKCanvas(bitmap))
            {
                canvas.Clear(Colour());
                for (int shape = 0; shape < 60; shape++)
                {
                    using var paint = new SKPaint { Color = Colour() };
                    canvas.DrawCircle(random.Next(500), random.Next(375), random.Next(5, 80), paint);
                }
            }

            using SKData jpeg = bitmap.Encode(SKEncodedImageFormat.Jpeg, 90);
            File.WriteAllBytes(Path.Combine(folder, Name(file)), jpeg.ToArray());
        }

        SKColor Colour() => new((byte)random.Next(256), (byte)random.Next(256), (byte)random.Next(256));
    }

    private static string Name(int file) => FormattableString.Invariant($"{file}.jpg");

    private static IDataView Apply(IEstimator<ITransformer> estimator, IDataView view) => estimator.Fit(view).Transform(view);

    private sealed class Row
    {
        public string Path { get; set; } = "";

        public string Class { get; set; } = "";
    }
}
