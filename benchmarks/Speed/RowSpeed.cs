using System.Diagnostics;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.EarlyReadout.Networks;
using Microsoft.ML.EarlyReadout.Training;
using static TorchSharp.torch;

namespace MLSieve.Speed;

/// <summary>
/// Rows per second of one epoch over packed rows that are in a file, batch by batch in a shuffled order, and the process's memory
/// meanwhile: twice the rows should take twice the time and no more memory. The system keeps in memory what it has room for: to see the
/// disk's own speed, give it less memory than the rows have (<c>systemd-run --scope -p MemoryMax=1G</c>, or a container).
/// </summary>
internal static class RowSpeed
{
    private const int Numbers = 3 * 32 * 32; // 12 KB a row
    private const int Batch = 64;
    private static readonly int[] Counts = [25_000, 50_000, 100_000, 200_000];

    public static void Run()
    {
        NativeBackend.EnsureLoaded();
        Console.WriteLine($"One shuffled epoch over float rows of {Numbers * sizeof(float) / 1024} KiB in a file, batches of {Batch}");
        foreach (int count in Counts)
        {
            using PackedRows rows = Pack(count);
            long[] order = SeedSequence.Of(1).For("shuffle").Permutation(count);
            var clock = Stopwatch.StartNew();
            for (int start = 0; start < count; start += Batch)
            {
                using var scope = NewDisposeScope();
                int next = start + Batch;
                rows.Gather(order.AsSpan(start, Math.Min(Batch, count - start)), CPU);
                if (next < count) rows.Expect(order.AsSpan(next, Math.Min(Batch, count - next)));
            }

            double seconds = clock.Elapsed.TotalSeconds;
            Console.WriteLine(FormattableString.Invariant(
                $"  {count,7} rows, {count * (long)Numbers * sizeof(float) >> 20,5} MiB: {seconds,6:F2} s, {count / seconds,7:F0} rows/s, ")
                + FormattableString.Invariant($"working set {Environment.WorkingSet >> 20} MiB"));
        }
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
}
