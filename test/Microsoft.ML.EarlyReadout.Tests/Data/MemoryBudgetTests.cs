using Microsoft.ML;
using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

/// <summary>Alone in the process, since it looks at the files that the process holds open.</summary>
[CollectionDefinition(nameof(MemoryBudgetTests), DisableParallelization = true)]
[Collection(nameof(MemoryBudgetTests))]
public sealed class MemoryBudgetTests
{
    private const int Width = 1000;

    [Fact]
    public void Rows_above_the_budget_go_to_a_file_with_equal_bytes()
    {
        var view = Large(600); // 2.3 MiB
        var log = new List<string>();
        using var inMemory = Rows.Read(view, log: log);
        Assert.True(inMemory.IsInMemory);
        Assert.Empty(log);
        using var spilled = Rows.Read(view, budget: 1 << 20, log: log);
        Assert.False(spilled.IsInMemory);
        Assert.Equal([$"The training rows exceed the memory budget of 1 MiB: they go to a temporary file in '{Path.GetTempPath()}', removed after the fit."], log);
        Assert.Equal(inMemory.Labels, spilled.Labels);
        Assert.Equal(Rows.Features(inMemory), Rows.Features(spilled));
    }

    [Fact]
    public void Bytes_that_are_widened_in_the_file_are_told_of_once()
    {
        var rows = Enumerable.Range(0, 20).Select(row => (new float[] { row, 1, 2, row < 15 ? 3 : .5f }, row % 2 == 0 ? "a" : "b", "")).ToArray();
        var log = new List<string>();
        using var set = Rows.Read(Rows.View(4, rows), input: new() { Height = 2, Width = 2 }, budget: 4, log: log);
        Assert.Single(log);
        Assert.Equal(rows.Select(row => row.Item1), Rows.Features(set));
    }

    [Fact]
    public void A_budget_that_is_just_enough_stays_in_memory()
    {
        using var enough = Rows.Read(Large(5), budget: 5 * Width * 4);
        Assert.True(enough.IsInMemory);
        using var short1 = Rows.Read(Large(5), budget: 5 * Width * 4 - 1);
        Assert.False(short1.IsInMemory);
    }

    [Fact]
    public void Rows_longer_than_a_chunk_are_kept()
    {
        float[] first = new float[300_000], second = new float[300_000];
        (first[^1], second[0]) = (1.5f, -2.5f);
        using var set = Rows.Read(Rows.View(300_000, (first, "a", ""), (second, "b", "")));
        Assert.Equal([first, second], Rows.Features(set));
    }

    [Fact]
    public void The_file_is_gone_once_the_set_is_disposed()
    {
        var set = Rows.Read(Large(10), budget: 1);
        Assert.Equal(OperatingSystem.IsLinux() ? 1 : 0, DeletedFilesHeldOpen());
        set.Dispose();
        Assert.Empty(Directory.GetFiles(Path.GetTempPath(), MappedRowStore.FilePrefix + "*"));
        Assert.Equal(0, DeletedFilesHeldOpen());
    }

    [Fact]
    public void The_file_is_gone_after_a_fault()
    {
        var view = Rows.View(1, ([1], "a", ""), ([2], "b", ""), ([float.NaN], "b", ""));
        Assert.Throws<InvalidDataException>(() => Rows.Read(view, budget: 1));
        Assert.Empty(Directory.GetFiles(Path.GetTempPath(), MappedRowStore.FilePrefix + "*"));
        Assert.Equal(0, DeletedFilesHeldOpen());
    }

    [Fact]
    public void Cancellation_in_the_middle_stops_within_a_row_and_leaves_nothing()
    {
        using var cancellation = new CancellationTokenSource();
        var rows = Enumerable.Range(0, 100).Select(row => (new float[] { row }, row % 2 == 0 ? "a" : "b", "")).ToArray();
        long last = 0;
        var view = new CountingView(Rows.View(1, rows), row =>
        {
            last = row;
            if (row == 50)
                cancellation.Cancel();
        });
        Assert.Throws<OperationCanceledException>(() => TrainingSet.Read(view, new("Features", "Label"), new(), 16, _ => { }, cancellation.Token));
        Assert.Equal(50, last);
        Assert.Equal(1, view.DisposedCursors);
        Assert.Empty(Directory.GetFiles(Path.GetTempPath(), MappedRowStore.FilePrefix + "*"));
        Assert.Equal(0, DeletedFilesHeldOpen());
    }

    [Fact]
    public void A_store_refuses_a_row_of_another_length_and_a_row_that_is_not_there()
    {
        using var store = new MappedRowStore(4);
        store.Append([1, 2, 3, 4]);
        Assert.Equal("A row of 3 bytes does not fit a store of rows of 4. (Parameter 'row')", Assert.Throws<ArgumentException>(() => store.Append([1, 2, 3])).Message);
        store.Seal();
        Assert.Equal([1, 2, 3, 4], store.Row(0).ToArray());
        Assert.Throws<ArgumentOutOfRangeException>(() => store.Row(1).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => store.Row(-1).Length);
        store.Dispose();
        Assert.Throws<ObjectDisposedException>(() => store.Row(0).Length);
    }

    private static IDataView Large(int count)
    {
        var random = new Random(7);
        return Rows.View(Width, [.. Enumerable.Range(0, count).Select(row => (Enumerable.Range(0, Width).Select(_ => random.NextSingle()).ToArray(), row % 3 == 0 ? "a" : "b", ""))]);
    }

    // The file has no name on Unix, so an open handle is what would be left behind.
    private static int DeletedFilesHeldOpen() => !OperatingSystem.IsLinux() ? 0
        : Directory.GetFiles("/proc/self/fd").Count(each => new FileInfo(each).LinkTarget?.Contains(MappedRowStore.FilePrefix, StringComparison.Ordinal) == true);
}
