using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.EarlyReadout.Networks;
using Microsoft.ML.EarlyReadout.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace MLSieve.Speed;

/// <summary>
/// What ten times the rows cost: one shuffled epoch over packed rows that are in a file, and a whole fit of one epoch with a small memory
/// budget, in processor time, with the memory that the process has after each. Ten times the rows should take ten times the time, and no
/// more memory. The system keeps in memory what it has room for: to see the disk's own speed, give it less memory than the rows have
/// (<c>systemd-run --scope -p MemoryMax=1G</c>, or a container).
/// </summary>
internal static class RowSpeed
{
    private const int Numbers = 3 * 32 * 32; // 12 KB a row
    private const int Batch = 64;
    private const int Few = 2_000;
    private const int Rounds = 3;
    private const int FitNumbers = 256;
    private const int BudgetMebibytes = 1;

    public static void Run()
    {
        NativeBackend.EnsureLoaded();
        set_num_threads(1);
        Console.WriteLine($"Ten times the rows, {Few} and {10 * Few}, in processor time; ten times the time would be 10.00 ×");
        using PackedRows few = Pack(Few), many = Pack(10 * Few);
        Compare($"an epoch over rows of {Numbers * sizeof(float) / 1024} KiB in a file", () => Read(few, Few), () => Read(many, 10 * Few));
        IDataView fewRows = Rows(Few), manyRows = Rows(10 * Few);
        Compare($"a fit of one epoch over rows in a file, of {FitNumbers * sizeof(float) / 1024} KiB",
            () => Fit(fewRows), () => Fit(manyRows));
    }

    private static void Compare(string what, Action few, Action many)
    {
        few();
        long before = MemoryAfter(few);
        long after = MemoryAfter(many);
        var comparison = new Comparison(Rounds, Way.By(Clock.Processor, "few", few), Way.By(Clock.Processor, "many", many));
        Console.WriteLine(FormattableString.Invariant($"  {what}: {Few / comparison.Seconds("few"):F0} rows/s, ")
            + FormattableString.Invariant($"{comparison.Ratio("many", "few")}; private memory {before} and {after} MiB"));

        static long MemoryAfter(Action work)
        {
            work();
            GC.Collect();
            using var process = System.Diagnostics.Process.GetCurrentProcess();
            return process.PrivateMemorySize64 >> 20;
        }
    }

    private static void Read(PackedRows rows, int count)
    {
        long[] order = SeedSequence.Of(1).For("shuffle").Permutation(count);
        for (int start = 0; start < count; start += Batch)
        {
            using DisposeScope scope = NewDisposeScope();
            int next = start + Batch;
            rows.Gather(order.AsSpan(start, Math.Min(Batch, count - start)), CPU);
            if (next < count) rows.Expect(order.AsSpan(next, Math.Min(Batch, count - next)));
        }
    }

    private static void Fit(IDataView rows)
    {
        using EarlyReadoutTransformer model = new MLContext(seed: 1).Transforms.EarlyReadout(new EarlyReadoutEstimator.Options
        {
            Epochs = 1,
            BatchSize = 32,
            MemoryBudgetMebibytes = BudgetMebibytes,
            Network = { Kind = NetworkKind.Mlp },
        }).Fit(rows);
    }

    // Rows are made as they are read, so that they take no memory here.
    private static IDataView Rows(int count)
    {
        var ml = new MLContext(seed: 1);
        IDataView rows = ml.Data.LoadFromEnumerable(Enumerable.Range(0, count).Select(i => new Row
        {
            Class = $"class {i % 2}",
            Features = [.. Enumerable.Range(0, FitNumbers).Select(j => ((i * 31) + (j * 17)) % 101 / 101f)],
        }));
        return ml.Transforms.Conversion.MapValueToKey("Label", "Class").Fit(ml.Data.TakeRows(rows, 100)).Transform(rows);
    }

    private static PackedRows Pack(int count)
    {
        using var packer = new RowPacker(FeatureShape.Vector(Numbers), new MemoryBudget(0, Path.GetTempPath(), _ => { }));
        float[] row = new float[Numbers];
        for (int i = 0; i < count; i++)
        {
            Array.Fill(row, i + 0.5f);
            packer.Add(row);
        }

        return packer.Finish();
    }

    private sealed class Row
    {
        [VectorType(FitNumbers)]
        public float[] Features { get; set; } = [];

        public string Class { get; set; } = "";
    }
}
