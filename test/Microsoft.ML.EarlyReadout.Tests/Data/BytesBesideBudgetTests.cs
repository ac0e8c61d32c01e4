using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

/// <summary>What a row takes in memory although it lies in a file.</summary>
[Collection(nameof(MemoryBudgetTests))] // alone: what other tests keep would be counted
public sealed class BytesBesideBudgetTests
{
    private const int Count = 200_000;
    private const int Width = 64;
    private const int FileBuffer = 1 << 20; // of the one file, however many rows there are
    private const int Slack = 1 << 18; // what else the process keeps meanwhile
    private static readonly MLContext _ml = new(seed: 1);

    [Theory]
    [InlineData(false, 24)]
    [InlineData(true, 32)]
    public void Rows_in_a_file_take_as_many_bytes_of_memory_as_the_page_says(bool differInLength, int bytes)
    {
        string page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "training.md")).ReplaceLineEndings(" ");
        Assert.Contains(differInLength ? $"it is {bytes}." : $"{bytes} bytes for each row", page, StringComparison.Ordinal);
        IDataView view = Rows.Keyed(_ml.Data.LoadFromEnumerable(Draw(differInLength)));
        Read(view).Dispose(); // what is made once is there now
        long before = SettledMemory();
        using TrainingSet set = Read(view);
        TrainingRows rows = TrainingRows.AllOf(set);
        long[] order = EpochOrder.Shuffled(rows, SeedSequence.Of(1));
        long taken = SettledMemory() - before;
        Assert.False(set.IsInMemory);
        Assert.InRange(taken - FileBuffer - ((long)bytes * Count), -Slack, Slack);
        GC.KeepAlive((order, rows));
    }

    // Finalizers of what earlier tests left let go of memory, too.
    private static long SettledMemory()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return GC.GetTotalMemory(forceFullCollection: true);
    }

    private static TrainingSet Read(IDataView view) =>
        Rows.Read(view, new TrainingColumns("Features", "Label", Group: "Place"), budget: 1);

    private static IEnumerable<Row> Draw(bool differInLength)
    {
        for (int i = 0; i < Count; i++)
        {
            var features = new float[Width];
            if (differInLength && i % 2 == 0) features[3] = i + 0.5f; // mostly zeros: a shorter row
            else Array.Fill(features, i + 0.5f);
            yield return new Row { Features = features, Label = i % 2 == 0 ? "a" : "b", Place = i % 3 == 0 ? "here" : "there" };
        }
    }

    private sealed class Row
    {
        [VectorType(Width)]
        public float[] Features { get; set; } = [];

        public string Label { get; set; } = "";

        public string Place { get; set; } = "";
    }
}
