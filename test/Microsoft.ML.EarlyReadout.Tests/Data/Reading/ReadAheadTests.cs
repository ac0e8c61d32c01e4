using System.Diagnostics;
using System.Runtime.CompilerServices;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

/// <summary>Images that several workers read ahead: what is read, and what is left behind, is as with one cursor.</summary>
public sealed class ReadAheadTests : IDisposable
{
    private const int Files = 40;
    private const int Count = 1000;
    private const int Ahead = 4 * 160; // rows that four workers may keep

    private static readonly TrainingColumns _columns = new("Image", "Label", Group: "Class");
    private readonly ImageFolder _folder = new(Files);

    public ReadAheadTests()
    {
        for (int row = Files; row < Count; row++) _folder.Repeat(row * 7 % Files);
    }

    public static bool HasOneProcessor => Environment.ProcessorCount == 1;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Rows_of_a_cursor_set_come_in_the_view_s_order()
    {
        var view = new CursorSetView(_folder.Sized());
        (List<string> tags, List<byte[]> pixels, List<DataViewRowId> ids) = ([], [], []);
        using (DataViewRowCursor cursor = Open(view))
        {
            Assert.IsType<ReadAheadCursor>(cursor);
            ValueGetter<MLImage> getter = cursor.GetGetter<MLImage>(view.Schema["Image"]);
            ValueGetter<ReadOnlyMemory<char>> text = cursor.GetGetter<ReadOnlyMemory<char>>(view.Schema["Path"]);
            ValueGetter<DataViewRowId> identity = cursor.GetIdGetter();
            (MLImage? image, ReadOnlyMemory<char> path, DataViewRowId id) = (null, default, default);
            while (cursor.MoveNext())
            {
                Assert.Equal(tags.Count, cursor.Position);
                getter(ref image!);
                text(ref path);
                identity(ref id);
                Assert.Equal(Path.Combine(_folder.Root, path.ToString()), image.Tag);
                tags.Add(image.Tag);
                pixels.Add(image.Pixels.ToArray());
                ids.Add(id);
            }

            Assert.False(cursor.MoveNext());
        }

        Assert.Equal(_folder.Rows.Select(row => Path.Combine(_folder.Root, row.Path)), tags);
        Assert.Equal(Enumerable.Range(0, Count).Select(row => new DataViewRowId((ulong)row, 0)), ids);
        Assert.Equal(Files, pixels.Select(Convert.ToHexString).Distinct().Count());
        Assert.Equal((4, 4), (view.Opened, view.Disposed));
        Assert.DoesNotContain(Environment.CurrentManagedThreadId, view.Threads.Keys);
        Assert.Equal(4, view.Threads.Count);
    }

    [Fact(Skip = "One processor reads by one cursor.", SkipWhen = nameof(HasOneProcessor))]
    public void A_training_set_is_the_same_as_by_one_cursor()
    {
        var several = new CursorSetView(_folder.Sized());
        var one = new CountingView(_folder.Sized());
        using TrainingSet fast = Rows.Read(several, _columns), slow = Rows.Read(one, _columns);
        Assert.Equal((4, 1), (several.Opened, one.Cursors));
        Assert.Equal(slow.Fingerprint, fast.Fingerprint);
        Assert.Equal(slow.GroupNames, fast.GroupNames);
        Assert.Equal(Count, fast.Count);
    }

    [Fact]
    public void Shuffled_rows_are_shuffled_as_by_one_cursor()
    {
        IDataView view = ImageFolder.Apply(
            _folder.Ml.Transforms.LoadImages("Image", _folder.Root, "Path"), _folder.Ml.Data.ShuffleRows(_folder.Paths(), seed: 3));
        string[] one = Tags(view.GetRowCursor([view.Schema["Image"], view.Schema["Path"]]), view.Schema);
        Assert.NotEqual(_folder.Rows.Select(row => Path.Combine(_folder.Root, row.Path)), one);
        Assert.Equal(one, Tags(Open(view), view.Schema));
    }

    [Fact(Skip = "One processor reads by one cursor.", SkipWhen = nameof(HasOneProcessor))]
    public void Rows_above_the_memory_budget_go_to_a_file_and_are_the_same()
    {
        using TrainingSet inFile = Rows.Read(_folder.Sized(), _columns, budget: 10_000), inMemory = Rows.Read(_folder.Sized(), _columns);
        Assert.Equal((false, true), (inFile.IsInMemory, inMemory.IsInMemory));
        Assert.Equal(inMemory.Fingerprint, inFile.Fingerprint);
    }

    [Fact]
    public void A_consumer_that_stops_early_stops_the_workers()
    {
        var view = new CursorSetView(_folder.Sized());
        using (DataViewRowCursor cursor = Open(view))
        {
            for (int row = 0; row < 3; row++) Assert.True(cursor.MoveNext());
            SpinWait.SpinUntil(() => view.RowsRead >= Ahead, TimeSpan.FromSeconds(2)); // then they wait for room
            Assert.InRange(view.RowsRead, 3, Ahead + 3);
        }

        Assert.Equal((4, 4), (view.Opened, view.Disposed));
        int read = view.RowsRead;
        Thread.Sleep(50);
        Assert.Equal(read, view.RowsRead);
    }

    [Fact]
    public void A_cursor_that_is_never_read_starts_nobody()
    {
        var view = new CursorSetView(_folder.Sized());
        Open(view).Dispose();
        Assert.Equal((4, 4, 0), (view.Opened, view.Disposed, view.RowsRead));
    }

    [Theory(Skip = "One processor reads by one cursor.", SkipWhen = nameof(HasOneProcessor))]
    [InlineData(5)]
    [InlineData(517)]
    [InlineData(999)]
    public void A_broken_image_amid_four_cursors_is_named_and_nobody_hangs(int row)
    {
        string broken = Path.Combine(_folder.Root, "broken.png");
        File.WriteAllText(broken, "<html>404</html>");
        _folder.Rename(row, "broken.png");
        WeakReference read = Fail();
        GC.Collect();
        GC.WaitForPendingFinalizers();
        Assert.False(read.IsAlive, "A worker still holds what it read.");

        [MethodImpl(MethodImplOptions.NoInlining)]
        WeakReference Fail()
        {
            var view = new CursorSetView(_folder.Sized());
            MemoryBudget budget = Rows.Budget(Rows.Gigabyte);
            var fault = Assert.Throws<InvalidDataException>(() => TrainingSet.Read(
                view, _columns, new InputOptions(), budget, _ => { }, _ => { }, TestContext.Current.CancellationToken));
            Assert.Equal($"Column 'Image', row {row} (counted from 0 in the data view) has no image: the file '{broken}' is not an image "
                + "that can be decoded.", fault.Message);
            Assert.Equal((4, 4), (view.Opened, view.Disposed));
            Assert.True(budget.TryTake(Rows.Gigabyte)); // all of it was given back
            return new WeakReference(view);
        }
    }

    [Fact]
    public void Two_workers_read_slow_images_in_clearly_less_time_than_one()
    {
        var view = new SlowView(_folder.Sized(), () => Thread.Sleep(3));
        (TimeSpan one, TimeSpan two) = (Time(1), Time(2));
        Assert.True(two < 0.75 * one, $"One thread took {one}, two workers {two}.");

        TimeSpan Time(int threads)
        {
            var clock = Stopwatch.StartNew();
            var reader = new TrainingSetReader(
                view, _columns, new InputOptions(), Rows.Budget(Rows.Gigabyte), _ => { }, _ => { }, null)
            {
                Threads = threads,
            };
            using TrainingSet set = reader.Read(TestContext.Current.CancellationToken);
            Assert.Equal(Count, set.Count);
            return clock.Elapsed;
        }
    }

    [Fact]
    public void Of_two_broken_images_the_first_is_named()
    {
        foreach (int row in new[] { 140, 20 }) _folder.Rename(row, $"missing-{row}.png"); // in two batches of ML.NET's
        var fault = Assert.Throws<InvalidDataException>(() => Rows.Read(new CursorSetView(_folder.Sized()), _columns));
        Assert.Contains("row 20 (", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_broken_image_of_a_row_without_a_label_is_passed_over()
    {
        _folder.Rename(300, "missing.png");
        _folder.Unlabel(300);
        using TrainingSet set = Rows.Read(new CursorSetView(_folder.Sized()), new TrainingColumns("Image", "Label"));
        Assert.Equal((Count - 1, 1), (set.Count, set.SkippedRows));
    }

    [Fact]
    public void Images_of_mixed_sizes_are_refused_by_the_row_of_the_first_other_size()
    {
        _folder.Add("wide.png", ImageFolder.Draw(ImageFolder.Height, 2 * ImageFolder.Width, 0, new Random(1)), 0, ImageFolder.Height,
            2 * ImageFolder.Width);
        var fault = Assert.Throws<InvalidDataException>(() => Rows.Read(new CursorSetView(_folder.Images()), _columns));
        Assert.Contains($"row {Count} (", fault.Message, StringComparison.Ordinal);
        Assert.Contains("is an image of 20×8 pixels; expected 10×8", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Cancellation_while_workers_read_ends_them()
    {
        using var cancelled = new CancellationTokenSource();
        var view = new CursorSetView(_folder.Sized(), atRow: rows =>
        {
            if (rows == 300) cancelled.Cancel();
        });
        Assert.ThrowsAny<OperationCanceledException>(() => TrainingSet.Read(
            view, _columns, new InputOptions(), Rows.Budget(Rows.Gigabyte), _ => { }, _ => { }, cancelled.Token));
        Assert.Equal(view.Opened, view.Disposed);
    }

    private static DataViewRowCursor Open(IDataView view) =>
        ReadAheadCursor.Open(view, [view.Schema["Image"], view.Schema["Path"]], random: null, threads: 4);

    private static string[] Tags(DataViewRowCursor opened, DataViewSchema schema)
    {
        using DataViewRowCursor cursor = opened;
        ValueGetter<MLImage> getter = cursor.GetGetter<MLImage>(schema["Image"]);
        MLImage? image = null;
        List<string> tags = [];
        while (cursor.MoveNext())
        {
            getter(ref image!);
            tags.Add(image.Tag);
        }

        return [.. tags];
    }
}
