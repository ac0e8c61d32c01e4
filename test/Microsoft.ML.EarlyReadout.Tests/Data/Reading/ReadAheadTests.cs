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

    [Fact]
    public void A_training_set_is_the_same_as_by_one_cursor()
    {
        var several = new CursorSetView(_folder.Sized());
        var one = new CountingView(_folder.Sized());
        using TrainingSet fast = Read(several), slow = Read(one, threads: 1);
        Assert.Equal((4, 1), (several.Opened, one.Cursors));
        Assert.Equal(slow.FingerprintOf(CancellationToken.None), fast.FingerprintOf(CancellationToken.None));
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

    [Fact]
    public void Rows_above_the_memory_budget_go_to_a_file_and_are_the_same()
    {
        using TrainingSet inFile = Read(new CursorSetView(_folder.Sized()), Rows.Budget(10_000)), inMemory = Read(_folder.Sized());
        Assert.Equal((false, true), (inFile.IsInMemory, inMemory.IsInMemory));
        Assert.Equal(inMemory.FingerprintOf(CancellationToken.None), inFile.FingerprintOf(CancellationToken.None));
    }

    [Fact]
    public void A_consumer_that_stops_early_stops_the_workers()
    {
        var view = new CursorSetView(_folder.Sized());
        using (DataViewRowCursor cursor = Open(view))
        {
            for (int row = 0; row < 3; row++) Assert.True(cursor.MoveNext());
            SpinWait.SpinUntil(() => view.RowsRead >= Ahead, TimeSpan.FromSeconds(30)); // then they wait for room
            Assert.InRange(view.RowsRead, 3, Ahead + 3);
        }

        Assert.Equal((4, 4), (view.Opened, view.Disposed));
        int read = view.RowsRead;
        Thread.Sleep(50);
        Assert.Equal(read, view.RowsRead);
    }

    [Fact]
    public void Workers_share_what_memory_there_is_for_rows_ahead()
    {
        const int imageBytes = 4 * ImageFolder.Width * ImageFolder.Height, images = 10;
        var view = new CursorSetView(_folder.Sized());
        string[] tags;
        using (DataViewRowCursor cursor = Open(view, bytes: 4 * images * imageBytes))
        {
            Assert.True(cursor.MoveNext());
            SpinWait.SpinUntil(() => view.RowsRead >= 4 * images, TimeSpan.FromSeconds(30));
            Thread.Sleep(50);
            Assert.Equal(4 * images, view.RowsRead);
            tags = Tags(cursor, view.Schema);
        }

        Assert.Equal(_folder.Rows.Skip(1).Select(row => Path.Combine(_folder.Root, row.Path)), tags);
        const long mebibyte = 1 << 20;
        Assert.Equal(2 * 64 * mebibyte, ReadAheadCursor.Allowance(workers: 2, usable: 8192 * mebibyte));
        Assert.Equal(512 * mebibyte, ReadAheadCursor.Allowance(workers: 64, usable: 8192 * mebibyte));
    }

    [Theory]
    [InlineData(3)] // less than a byte for each worker
    [InlineData(0)]
    [InlineData(-1)] // more is taken than the process may have
    public async Task Where_no_memory_is_left_the_workers_read_row_by_row(long bytes)
    {
        var view = new CursorSetView(_folder.Sized());
        Task<string[]> reading = Task.Run(() => Tags(Open(view, bytes), view.Schema));
        string[] tags = await reading.WaitAsync(TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);
        Assert.Equal(_folder.Rows.Select(row => Path.Combine(_folder.Root, row.Path)), tags);
    }

    [Fact]
    public void A_vector_beside_the_images_counts_in_the_memory()
    {
        const int rowBytes = (4 + (3 * sizeof(float))) * ImageFolder.Width * ImageFolder.Height, rows = 10;
        var view = new CursorSetView(_folder.Pixels());
        using DataViewRowCursor cursor =
            ReadAheadCursor.Open(view, [view.Schema["Image"], view.Schema["Pixels"]], random: null, threads: 4, bytes: 4 * rows * rowBytes);
        Assert.True(cursor.MoveNext());
        SpinWait.SpinUntil(() => view.RowsRead >= 4 * rows, TimeSpan.FromSeconds(30));
        Thread.Sleep(50);
        Assert.Equal(4 * rows, view.RowsRead);
    }

    [Fact]
    public void Cursors_whose_columns_cannot_be_opened_are_disposed()
    {
        var view = new CursorSetView(_folder.Sized(), atGetter: column =>
        {
            if (column.Name == "Path") throw new TimeoutException("The disk is slow.");
        });
        Assert.Throws<TimeoutException>(() => Open(view));
        Assert.Equal((4, 4), (view.Opened, view.Disposed));
    }

    [Fact]
    public void A_cursor_that_is_never_read_starts_nobody()
    {
        var view = new CursorSetView(_folder.Sized());
        Open(view).Dispose();
        Assert.Equal((4, 4, 0), (view.Opened, view.Disposed, view.RowsRead));
    }

    [Theory]
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
            var fault = Assert.Throws<InvalidDataException>(() => Read(view, budget));
            Assert.Equal($"Column 'Image', row {row} (counted from 0 in the data view) has no image: the file '{broken}' is not an image "
                + "that can be decoded.", fault.Message);
            Assert.Equal((4, 4), (view.Opened, view.Disposed));
            Assert.True(budget.TryTake(Rows.Gigabyte)); // all of it was given back
            return new WeakReference(view);
        }
    }

    [Fact]
    public void Two_workers_decode_images_at_once_and_one_thread_does_not()
    {
        var meeting = new Meeting(2);
        Read(new CursorSetView(_folder.Sized(), cursors: 2, atImage: meeting.Come), threads: 2).Dispose();
        Assert.True(meeting.WasHeld);

        var alone = new Meeting(2, wait: TimeSpan.Zero);
        Read(new CursorSetView(_folder.Sized(), cursors: 2, atImage: alone.Come), threads: 1).Dispose();
        Assert.Equal((Count, false), (alone.Came, alone.WasHeld));
    }

    [Fact]
    public void Of_two_broken_images_the_first_is_named()
    {
        foreach (int row in new[] { 140, 20 }) _folder.Rename(row, $"missing-{row}.png"); // in two batches of ML.NET's
        var fault = Assert.Throws<InvalidDataException>(() => Read(new CursorSetView(_folder.Sized())));
        Assert.Contains("row 20 (", fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_broken_image_of_a_row_without_a_label_is_passed_over()
    {
        _folder.Rename(300, "missing.png");
        _folder.Unlabel(300);
        using TrainingSet set = Read(new CursorSetView(_folder.Sized()), columns: new TrainingColumns("Image", "Label"));
        Assert.Equal((Count - 1, 1), (set.Count, set.SkippedRows));
    }

    [Fact]
    public void Images_of_mixed_sizes_are_refused_by_the_row_of_the_first_other_size()
    {
        _folder.Add("wide.png", ImageFolder.Draw(ImageFolder.Height, 2 * ImageFolder.Width, 0, new Random(1)), 0, ImageFolder.Height,
            2 * ImageFolder.Width);
        var fault = Assert.Throws<InvalidDataException>(() => Read(new CursorSetView(_folder.Images())));
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
        Assert.ThrowsAny<OperationCanceledException>(() => Read(view, cancellation: cancelled.Token));
        Assert.Equal((4, 4), (view.Opened, view.Disposed));
    }

    private static DataViewRowCursor Open(IDataView view, long? bytes = null) =>
        ReadAheadCursor.Open(view, [view.Schema["Image"], view.Schema["Path"]], random: null, threads: 4, bytes);

    /// <summary>A training set, read by as many workers on any machine.</summary>
    private static TrainingSet Read(
        IDataView view, MemoryBudget? budget = null, TrainingColumns? columns = null, int threads = 4,
        CancellationToken? cancellation = null)
    {
        var reader = new TrainingSetReader(
            view, columns ?? _columns, new InputOptions(), budget ?? Rows.Budget(Rows.Gigabyte), _ => { }, _ => { }, null)
        {
            Threads = threads,
        };
        return reader.Read(cancellation ?? TestContext.Current.CancellationToken);
    }

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
