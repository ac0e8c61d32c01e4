using System.Runtime.CompilerServices;
using Microsoft.ML;
using Microsoft.ML.EarlyReadout;
using static TorchSharp.torch;

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
        Assert.Equal(
            ["The training rows exceed the memory budget of 1 MiB: they go to a temporary file in "
                + $"'{Path.GetTempPath()}', removed when they are needed no more."],
            log);
        Assert.Equal(inMemory.Labels, spilled.Labels);
        Assert.Equal(Rows.Features(inMemory), Rows.Features(spilled));
    }

    [Fact]
    public void Bytes_that_are_widened_in_the_file_are_told_of_once()
    {
        var rows = Enumerable.Range(0, 20)
            .Select(row => (new float[] { row, 1, 2, row < 15 ? 3 : .5f }, row % 2 == 0 ? "a" : "b", ""))
            .ToArray();
        var log = new List<string>();
        using var set = Rows.Read(Rows.View(4, rows), input: new() { Height = 2, Width = 2 }, budget: 4, log: log);
        Assert.Single(log, line => line.StartsWith("The training rows exceed the memory budget", StringComparison.Ordinal));
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
        Assert.Empty(Directory.GetFiles(Path.GetTempPath(), FileBytes.FilePrefix + "*"));
        Assert.Equal(0, DeletedFilesHeldOpen());
    }

    [Fact]
    public void A_packed_view_has_one_file_for_all_and_it_is_gone_with_the_view_and_the_last_who_reads_it()
    {
        int one = OperatingSystem.IsLinux() ? 1 : 0;
        var packed = new PackedView(Large(10));
        TrainingSet first = Rows.Read(packed, budget: 1), second = Rows.Read(packed, budget: 1);
        Assert.Equal(one, DeletedFilesHeldOpen());
        first.Dispose();
        second.Dispose();
        Assert.Equal(one, DeletedFilesHeldOpen());
        TrainingSet last = Rows.Read(packed, budget: 1);
        Assert.Equal(one, DeletedFilesHeldOpen());
        packed.Dispose();
        Assert.Equal(Rows.Features(Rows.Read(Large(10))), Rows.Features(last)); // a fit that has its rows finishes
        last.Dispose();
        Assert.Empty(Directory.GetFiles(Path.GetTempPath(), FileBytes.FilePrefix + "*"));
        Assert.Equal(0, DeletedFilesHeldOpen());
    }

    [Fact]
    public void Packed_rows_in_memory_are_let_go_with_their_view()
    {
        var packed = new PackedView(Large(10));
        WeakReference rows = Read();
        Collect();
        Assert.True(rows.IsAlive); // for the next fit
        packed.Dispose();
        Collect();
        Assert.False(rows.IsAlive);
        GC.KeepAlive(packed);

        [MethodImpl(MethodImplOptions.NoInlining)]
        WeakReference Read()
        {
            using TrainingSet set = Rows.Read(packed);
            return new WeakReference(set.Features);
        }

        static void Collect()
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            GC.Collect();
        }
    }

    [Fact]
    public void The_budget_of_the_first_fit_is_that_of_all_over_a_packed_view()
    {
        var ml = new MLContext(seed: 1);
        var log = new List<string>();
        ml.Log += (_, line) => log.Add(line.Message);
        using var packed = new PackedView(Large(160)); // 0.6 MiB
        Fit(1, group: null);
        Assert.Equal(0, DeletedFilesHeldOpen());
        Fit(1000, group: "Place");
        Assert.Equal(OperatingSystem.IsLinux() ? 1 : 0, DeletedFilesHeldOpen());
        Assert.Single(log, line => line.Contains("The training rows exceed the memory budget of 1 MiB", StringComparison.Ordinal));

        void Fit(int mebibytes, string? group) => ml.Transforms.EarlyReadout(new EarlyReadoutEstimator.Options
        {
            Taps = [],
            Epochs = 1,
            Network = { HiddenUnits = [4] },
            MemoryBudgetMebibytes = mebibytes,
            GroupColumnName = group,
        }).Fit(packed).Dispose();
    }

    [Fact]
    public void The_file_is_gone_after_a_fault()
    {
        var view = Rows.View(1, ([1], "a", ""), ([2], "b", ""), ([float.NaN], "b", ""));
        Assert.Throws<InvalidDataException>(() => Rows.Read(view, budget: 1));
        Assert.Empty(Directory.GetFiles(Path.GetTempPath(), FileBytes.FilePrefix + "*"));
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
        Assert.Throws<OperationCanceledException>(() =>
            TrainingSet.Read(view, new("Features", "Label"), new(), Rows.Budget(16), _ => { }, _ => { }, cancellation.Token));
        Assert.Equal(50, last);
        Assert.Equal(1, view.DisposedCursors);
        Assert.Empty(Directory.GetFiles(Path.GetTempPath(), FileBytes.FilePrefix + "*"));
        Assert.Equal(0, DeletedFilesHeldOpen());
    }

    [Theory]
    [InlineData(long.MaxValue)]
    [InlineData(3_000_000)]
    [InlineData(0)]
    public void A_store_gives_back_rows_of_any_length_in_any_order(long bytes)
    {
        // Longer than a chunk of memory, empty, and many that lie across two chunks.
        var random = new Random(3);
        byte[][] rows = [new byte[3], [], new byte[2_500_000], .. Enumerable.Range(0, 400).Select(_ => new byte[random.Next(10_000)]), []];
        foreach (byte[] row in rows) random.NextBytes(row);
        var budget = Rows.Budget(bytes);
        using (var store = new RowStore(budget))
        {
            foreach (byte[] row in rows) store.Append(row);
            store.EndWriting();
            Assert.Equal(bytes == long.MaxValue, store.IsInMemory);
            Assert.Equal(rows.Length, store.Count);
            int next = 0;
            store.ForEach(row => Assert.True(row.SequenceEqual(rows[next++])));
            Assert.Equal(rows.Length, next);
            long[] order = [.. Enumerable.Range(0, rows.Length).Select(row => (long)row)];
            random.Shuffle(order);
            store.Expect(order);
            foreach (long row in order)
            {
                byte[] read = new byte[store.LengthOf(row)];
                store.Read(row, read);
                Assert.True(read.AsSpan().SequenceEqual(rows[row]));
            }
            Assert.Throws<ArgumentOutOfRangeException>(() => store.LengthOf(rows.Length));
            Assert.Throws<ArgumentOutOfRangeException>(() => store.LengthOf(-1));
        }
        Assert.True(budget.TryTake(bytes)); // all of it has been given back
    }

    [Fact]
    public void A_file_that_has_been_disposed_is_a_named_error_to_read()
    {
        var store = new RowStore(Rows.Budget(0));
        store.Append([1, 2, 3, 4]);
        store.EndWriting();
        store.Dispose();
        Assert.Throws<ObjectDisposedException>(() => store.Read(0, new byte[4]));
    }

    [Fact]
    public void All_sets_of_a_fit_share_its_budget()
    {
        var budget = Rows.Budget(10 * Width * 4);
        using var first = Read(6);
        using (var second = Read(6))
            Assert.Equal((true, false), (first.IsInMemory, second.IsInMemory));
        using var third = Read(4);
        Assert.True(third.IsInMemory);

        TrainingSet Read(int rows) =>
            TrainingSet.Read(
                Large(rows), new("Features", "Label"), new(), budget, _ => { }, _ => { }, TestContext.Current.CancellationToken);
    }

    [Fact]
    public void What_a_method_reads_besides_counts_and_comes_back_from_a_file()
    {
        NativeBackend.EnsureLoaded();
        using var scope = NewDisposeScope();
        var view = Large(5);
        using var set = Rows.Read(view, Rows.With("Features", RowColumnWidth.Any), budget: 5 * Width * 4);
        Assert.False(set.IsInMemory);
        Batch batch = set.Gather([3, 1], CPU);
        Assert.Equal(batch.Features.data<float>().ToArray(), batch.Column("Features").data<float>().ToArray());
    }

    [Fact]
    public void Without_an_option_the_budget_is_a_quarter_of_what_the_process_may_use()
    {
        var log = new List<string>();
        Assert.True(MemoryBudget.Of(3, Path.GetTempPath(), log.Add).TryTake(3 << 20));
        Assert.False(MemoryBudget.Of(3, Path.GetTempPath(), log.Add).TryTake((3 << 20) + 1));
        Assert.Empty(log);
        MemoryBudget automatic = MemoryBudget.Of(null, Path.GetTempPath(), log.Add);
        Assert.Matches(
            @"^The training rows may take [\d.]+ MiB of memory, a quarter of what this process may still use; "
                + @"MemoryBudgetMebibytes sets another limit\.$",
            Assert.Single(log));
        long usable = MemoryBudget.Usable(); // other programs may have taken or freed some meanwhile
        Assert.False(automatic.TryTake(usable / 2));
        Assert.True(automatic.TryTake(usable / 8));
    }

    [Fact]
    public void Rows_in_a_file_take_no_memory_however_often_they_are_read()
    {
        NativeBackend.EnsureLoaded();
        const int rows = 40_000, batch = 100; // 160 MB
        var random = new Random(5);
        float[] features = new float[Width];
        using var packer = new RowPacker(FeatureShape.Vector(Width), Rows.Budget(1 << 20));
        for (int row = 0; row < rows; row++)
        {
            for (int i = 0; i < Width; i++) features[i] = random.NextSingle();
            packer.Add(features);
        }
        using PackedRows set = packer.Finish();
        Assert.False(set.IsInMemory);
        double before = ResidentMemory.Settled();
        long[] order = SeedSequence.Of(1).Permutation(rows);
        for (int start = 0; start < rows; start += batch)
        {
            using var scope = NewDisposeScope();
            set.Gather(order.AsSpan(start, batch), CPU);
        }
        double after = ResidentMemory.Settled();
        Assert.True(after - before < 40, $"{after - before:F0} MiB more");
    }

    private static IDataView Large(int count)
    {
        var random = new Random(7);
        return Rows.View(
            Width,
            [.. Enumerable.Range(0, count)
                .Select(row => (Enumerable.Range(0, Width).Select(_ => random.NextSingle()).ToArray(), row % 3 == 0 ? "a" : "b", ""))]);
    }

    // The file has no name on Unix, so an open handle is what would be left behind.
    private static int DeletedFilesHeldOpen() => !OperatingSystem.IsLinux() ? 0
        : Directory.GetFiles("/proc/self/fd")
            .Count(each => new FileInfo(each).LinkTarget?.Contains(FileBytes.FilePrefix, StringComparison.Ordinal) == true);
}
