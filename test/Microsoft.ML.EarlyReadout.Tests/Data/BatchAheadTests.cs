using Microsoft.ML;
using Microsoft.ML.EarlyReadout;
using static TorchSharp.torch;

namespace MLSieve.Tests;

/// <summary>A batch that was gathered while a step ran is the batch that would be gathered after it.</summary>
public sealed class BatchAheadTests
{
    private const int Count = 400;
    private const int Width = 1000; // 32 rows are 125 KiB in memory, 64 are gathered ahead

    [Theory]
    [InlineData(Rows.Gigabyte)]
    [InlineData(1000)] // in a file
    public void Rows_labels_and_columns_are_those_of_a_gather(long budget)
    {
        NativeBackend.EnsureLoaded();
        using TrainingSet set = Set(budget);
        Assert.Equal(budget == Rows.Gigabyte, set.IsInMemory);
        long[] order = SeedSequence.Of(1).For("shuffle").Permutation(Count);
        using NativeLeakCheck leaks = NativeLeakCheck.Start();
        using var ahead = new BatchAhead(set, CPU);
        for (int start = 0; start + 64 <= Count; start += 64)
        {
            using var scope = NewDisposeScope();
            Batch batch = ahead.Take(order.AsSpan(start, 64));
            if (start + 128 <= Count) ahead.Prepare(order.AsSpan(start + 64, 64));
            Batch expected = set.Gather(order.AsSpan(start, 64), CPU);
            Assert.Equal(expected.Places, batch.Places);
            Assert.True(expected.Features.Equals(batch.Features));
            Assert.True(expected.Labels.Equals(batch.Labels));
        }
    }

    [Fact]
    public void What_is_not_taken_is_let_go()
    {
        NativeBackend.EnsureLoaded();
        using TrainingSet set = Set(Rows.Gigabyte);
        long[] rows = [.. Enumerable.Range(0, Count).Select(row => (long)row)];
        using NativeLeakCheck leaks = NativeLeakCheck.Start();
        using (var ahead = new BatchAhead(set, CPU))
        {
            using var scope = NewDisposeScope();
            ahead.Prepare(rows.AsSpan(0, 100));
            Assert.Equal(rows[200..300], ahead.Take(rows.AsSpan(200, 100)).Places);
            ahead.Prepare(rows.AsSpan(0, 100));
        }
    }

    private static TrainingSet Set(long budget)
    {
        var random = new Random(1);
        return Rows.Read(
            Rows.View(Width, [.. Enumerable.Range(0, Count).Select(row =>
                (Enumerable.Range(0, Width).Select(_ => random.NextSingle()).ToArray(), $"{row % 3}", ""))]), budget: budget);
    }
}
