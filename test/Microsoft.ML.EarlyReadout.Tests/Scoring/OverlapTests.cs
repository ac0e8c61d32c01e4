using System.Runtime.CompilerServices;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

/// <summary>Reading, scoring and the consumer of a scored view go on side by side; what comes out is as if they took turns.</summary>
public sealed class OverlapTests : IDisposable
{
    private const int Batch = 256;
    private const int Count = 5 * Batch + 7;
    private const int Wide = 1024; // numbers of a row, so many that no more than a batch is handed over at once
    private readonly EarlyReadoutTransformer _model;
    private readonly IDataView _rows;

    public OverlapTests()
    {
        _rows = Draw(Count, Wide);
        _model = new RandomClassifier().Fit(_rows);
    }

    public void Dispose() => _model.Dispose();

    [Fact]
    public void Scores_and_what_is_beside_them_are_those_of_one_thread()
    {
        Row[] alone = Read(_rows, threads: 1), together = Read(_rows, threads: 4);
        Assert.Equal(Count, together.Length);
        Assert.Equal(alone, together);
        Assert.Equal(Enumerable.Range(0, Count).Select(row => (float)row), together.Select(row => row.Last));
    }

    [Fact]
    public void Images_are_read_ahead_and_scored_in_their_order()
    {
        using ImageFolder folder = Folder(2000);
        using EarlyReadoutTransformer model = new RandomClassifier { Feature = "Image" }.Fit(folder.Sized());
        float[][] alone = Scores(Over(model, folder.Sized(), threads: 1));
        var view = new CursorSetView(folder.Sized());
        Assert.Equal(alone, Scores(Over(model, view, threads: 4)));
        Assert.Equal((4, 4), (view.Opened, view.Disposed));
    }

    [Fact]
    public void At_most_three_batches_are_in_memory_and_who_stops_early_stops_the_reading()
    {
        long read = 0;
        var view = new CountingView(_rows, row => Volatile.Write(ref read, row + 1));
        using (DataViewRowCursor cursor = Cursor(Over(_model, view, threads: 4)))
        {
            Assert.True(cursor.MoveNext());
            Assert.Equal(Batch, Volatile.Read(ref read)); // who wants a few rows starts nobody
            for (int row = 1; row <= Batch; row++) Assert.True(cursor.MoveNext());
            SpinWait.SpinUntil(() => Volatile.Read(ref read) >= 4 * Batch, TimeSpan.FromSeconds(30));
            Thread.Sleep(50);
            Assert.Equal(4 * Batch, Volatile.Read(ref read)); // one that was read to its end, one with the consumer, one scored, one read
        }

        Assert.Equal(1, view.DisposedCursors);
        Assert.Equal(4 * Batch, read);
    }

    [Fact]
    public void A_fault_comes_after_the_batches_before_it_and_stays()
    {
        var view = new CountingView(_rows, row => _ = row == 3 * Batch + 5 ? throw new TimeoutException("The disk is slow.") : row);
        using (DataViewRowCursor cursor = Cursor(Over(_model, view, threads: 4)))
        {
            for (int row = 0; row < 3 * Batch; row++) Assert.True(cursor.MoveNext());
            for (int time = 0; time < 2; time++) Assert.Throws<TimeoutException>(() => cursor.MoveNext());
        }

        Assert.Equal(1, view.DisposedCursors);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void What_fails_in_a_column_beside_the_features_fails_where_it_is_asked_for(int threads)
    {
        const int bad = Batch + 5;
        using ImageFolder folder = Folder(bad);
        folder.Add("bad.png", ImageFolder.Draw(ImageFolder.Height, ImageFolder.Width, 0, new Random(1)), 0);
        for (int row = 0; row < 10; row++) folder.Repeat(row);
        using EarlyReadoutTransformer model = new RandomClassifier { Feature = "Image" }.Fit(folder.Sized());
        IDataView view = ImageFolder.Apply(folder.Ml.Transforms.CustomMapping<Seen, Beside>(
            (seen, made) => made.Length = seen.Path == "bad.png" ? throw new TimeoutException("The disk is slow.") : seen.Path.Length,
            null), folder.Sized());
        ScoredView scored = Over(model, view, threads);
        using DataViewRowCursor cursor = scored.GetRowCursor([scored.Schema["Score"], scored.Schema["Length"]]);
        ValueGetter<VBuffer<float>> scores = cursor.GetGetter<VBuffer<float>>(scored.Schema["Score"]);
        ValueGetter<float> lengths = cursor.GetGetter<float>(scored.Schema["Length"]);
        (VBuffer<float> score, float length) = (default, 0);
        for (int row = 0; row < folder.Rows.Count; row++)
        {
            Assert.True(cursor.MoveNext());
            scores(ref score);
            Assert.Equal(3, score.Length);
            if (row == bad)
            {
                var fault = Assert.Throws<InvalidDataException>(() => lengths(ref length));
                Assert.Equal(
                    $"Column 'Length', row {bad} (counted from 0 in the data view) cannot be read: The disk is slow.", fault.Message);
                continue;
            }

            lengths(ref length);
            Assert.Equal("000.png".Length, length);
        }

        Assert.False(cursor.MoveNext());
    }

    [Fact]
    public void Small_rows_are_handed_over_many_at_a_time_and_none_is_lost_before_a_fault()
    {
        const int Faulty = 20 * Batch + 5;
        IDataView rows = Draw(24 * Batch, numbers: 3);
        using EarlyReadoutTransformer model = new RandomClassifier().Fit(rows);
        float[][] alone = Scores(Over(model, rows, threads: 1));
        Assert.Equal(alone, Scores(Over(model, rows, threads: 4)));

        var broken = new CountingView(rows, row => _ = row == Faulty ? throw new TimeoutException("The disk is slow.") : row);
        using DataViewRowCursor cursor = Cursor(Over(model, broken, threads: 4));
        ValueGetter<VBuffer<float>> getter = cursor.GetGetter<VBuffer<float>>(cursor.Schema["Score"]);
        VBuffer<float> score = default;
        int read = 0;
        Assert.Throws<TimeoutException>(() =>
        {
            for (; cursor.MoveNext(); read++)
            {
                getter(ref score);
                Assert.Equal(alone[read], score.DenseValues());
            }
        });
        Assert.InRange(read, Faulty - Batch, Faulty);
    }

    [Fact]
    public void Small_rows_that_come_slowly_are_not_waited_for()
    {
        long read = 0;
        IDataView rows = Draw(24 * Batch, numbers: 3);
        using EarlyReadoutTransformer model = new RandomClassifier().Fit(rows);
        var slow = new CountingView(rows, row =>
        {
            if (row % (Batch / 4) == 0) Thread.Sleep(1);
            Volatile.Write(ref read, row + 1);
        });
        using DataViewRowCursor cursor = Cursor(Over(model, slow, threads: 4));
        for (int row = 0; row <= Batch; row++) Assert.True(cursor.MoveNext());
        SpinWait.SpinUntil(() => Volatile.Read(ref read) >= 4 * Batch, TimeSpan.FromSeconds(30));
        Thread.Sleep(50);
        Assert.Equal(4 * Batch, Volatile.Read(ref read));
    }

    [Fact]
    public void A_getter_that_is_called_after_the_cursor_is_disposed_throws()
    {
        DataViewRowCursor cursor = Cursor(Over(_model, _rows, threads: 1));
        ValueGetter<VBuffer<float>> getter = cursor.GetGetter<VBuffer<float>>(cursor.Schema["Score"]);
        Assert.True(cursor.MoveNext());
        cursor.Dispose();
        VBuffer<float> score = default;
        Assert.ThrowsAny<Exception>(() => getter(ref score));
    }

    [Fact]
    public void A_cursor_that_cannot_be_opened_leaves_none_behind()
    {
        using ImageFolder folder = Folder(40);
        using EarlyReadoutTransformer model = new RandomClassifier { Feature = "Image" }.Fit(folder.Sized());
        bool isBroken = false;
        var view = new CountingView(new CursorSetView(folder.Sized(), atGetter: _ =>
        {
            if (isBroken) throw new TimeoutException("The disk is slow.");
        }));
        ScoredView scored = Over(model, view, threads: 1);
        isBroken = true;
        Assert.Throws<TimeoutException>(() => Cursor(scored));
        Assert.Equal((1, 1), (view.Cursors, view.DisposedCursors));
    }

    [Fact]
    public void A_model_that_is_disposed_meanwhile_ends_the_reading()
    {
        var view = new CountingView(_rows);
        using (DataViewRowCursor cursor = Cursor(Over(_model, view, threads: 4)))
        {
            Assert.True(cursor.MoveNext());
            _model.Dispose();
            Assert.Throws<ObjectDisposedException>(() =>
            {
                while (cursor.MoveNext()) { }
            });
        }

        Assert.Equal(1, view.DisposedCursors);
    }

    [Fact]
    public void Images_are_decoded_by_two_workers_at_once_and_by_one_thread_they_are_not()
    {
        using ImageFolder folder = Folder(3 * Batch);
        using EarlyReadoutTransformer model = new RandomClassifier { Feature = "Image" }.Fit(folder.Sized());
        var meeting = new Meeting(2);
        float[][] together = Scores(Over(model, new CursorSetView(folder.Sized(), cursors: 2, atImage: meeting.Come), threads: 2));
        Assert.True(meeting.WasHeld);

        var alone = new Meeting(2, wait: TimeSpan.Zero);
        Assert.Equal(together, Scores(Over(model, new CursorSetView(folder.Sized(), cursors: 2, atImage: alone.Come), threads: 1)));
        Assert.Equal((3 * Batch, false), (alone.Came, alone.WasHeld));
    }

    [Theory]
    [InlineData(1, 2 * Batch)] // no more than the batch that it is at
    [InlineData(2, 4 * Batch)] // two more: one that is scored, one that is read
    public void Reading_goes_on_while_the_consumer_is_at_work(int threads, int expected)
    {
        long read = 0;
        var view = new CountingView(_rows, row => Volatile.Write(ref read, row + 1));
        using DataViewRowCursor cursor = Cursor(Over(_model, view, threads));
        for (int row = 0; row <= Batch; row++) Assert.True(cursor.MoveNext());
        SpinWait.SpinUntil(() => Volatile.Read(ref read) >= expected, TimeSpan.FromSeconds(30));
        Thread.Sleep(50);
        Assert.Equal(expected, Volatile.Read(ref read));
    }

    [Fact]
    public void Who_disposes_early_waits_for_the_rows_in_work_and_not_for_their_batch()
    {
        using ImageFolder folder = Folder(8 * Batch);
        using EarlyReadoutTransformer model = new RandomClassifier { Feature = "Image" }.Fit(folder.Sized());
        int asked = 0, milliseconds = 5;
        var view = new CursorSetView(folder.Sized(), atImage: () =>
        {
            Interlocked.Increment(ref asked);
            Thread.Sleep(Volatile.Read(ref milliseconds));
        });
        int before;
        using (DataViewRowCursor cursor = Cursor(Over(model, view, threads: 4)))
        {
            for (int row = 0; row <= Batch; row++) Assert.True(cursor.MoveNext());
            Volatile.Write(ref milliseconds, 50); // so that few are asked for however long this thread waits for a processor
            before = Volatile.Read(ref asked); // the next batch has hardly been begun
        }

        Assert.Equal((4, 4), (view.Opened, view.Disposed));
        Assert.InRange(asked - before, 0, Batch / 4);
    }

    [Theory]
    [InlineData(5)]
    [InlineData(Batch + 100)]
    [InlineData((3 * Batch) - 1)]
    public void A_broken_image_amid_four_workers_is_named_and_nothing_is_left_behind(int row)
    {
        using ImageFolder folder = Folder(3 * Batch);
        using EarlyReadoutTransformer model = new RandomClassifier { Feature = "Image" }.Fit(folder.Sized());
        string broken = Path.Combine(folder.Root, "broken.png");
        File.WriteAllText(broken, "<html>404</html>");
        folder.Rename(row, "broken.png");
        WeakReference read = Fail();
        GC.Collect();
        GC.WaitForPendingFinalizers();
        Assert.False(read.IsAlive, "A worker still holds what it read.");

        [MethodImpl(MethodImplOptions.NoInlining)]
        WeakReference Fail()
        {
            var view = new CursorSetView(folder.Sized());
            using (DataViewRowCursor cursor = Cursor(Over(model, view, threads: 4)))
            {
                var fault = Assert.Throws<InvalidDataException>(() =>
                {
                    while (cursor.MoveNext()) { }
                });
                Assert.Equal($"Column 'Image', row {row} (counted from 0 in the data view) has no image: the file '{broken}' is not an "
                    + "image that can be decoded.", fault.Message);
            }

            Assert.Equal((4, 4), (view.Opened, view.Disposed));
            return new WeakReference(view);
        }
    }

    /// <summary>Rows whose last number is their place.</summary>
    private static IDataView Draw(int count, int numbers)
    {
        var random = new Random(1);
        return Rows.View(numbers, [.. Enumerable.Range(0, count).Select(row =>
            (new float[numbers].Select((_, i) => i < numbers - 1 ? random.NextSingle() : row).ToArray(), $"class {row % 3}",
                $"place {row % 5}"))]);
    }

    private static ImageFolder Folder(int rows)
    {
        var folder = new ImageFolder(40);
        for (int row = 40; row < rows; row++) folder.Repeat(row * 7 % 40);
        return folder;
    }

    private static ScoredView Over(EarlyReadoutTransformer model, IDataView rows, int threads)
    {
        var scored = Assert.IsType<ScoredView>(model.Transform(rows));
        return scored.By(threads);
    }

    private static DataViewRowCursor Cursor(IDataView scored) => scored.GetRowCursor([scored.Schema["Score"]]);

    private static float[][] Scores(IDataView scored) => [.. scored.GetColumn<float[]>("Score")];

    private Row[] Read(IDataView rows, int threads)
    {
        IDataView scored = Over(_model, rows, threads);
        List<Row> read = [];
        using DataViewRowCursor cursor = scored.GetRowCursor(scored.Schema);
        ValueGetter<VBuffer<float>> features = cursor.GetGetter<VBuffer<float>>(scored.Schema["Features"]);
        ValueGetter<VBuffer<float>> scores = cursor.GetGetter<VBuffer<float>>(scored.Schema["Score"]);
        ValueGetter<ReadOnlyMemory<char>> place = cursor.GetGetter<ReadOnlyMemory<char>>(scored.Schema["Place"]);
        ValueGetter<uint> predicted = cursor.GetGetter<uint>(scored.Schema["PredictedLabel"]);
        ValueGetter<DataViewRowId> identity = cursor.GetIdGetter();
        (VBuffer<float> x, VBuffer<float> q, ReadOnlyMemory<char> text, uint label, DataViewRowId id) =
            (default, default, default, 0, default);
        while (cursor.MoveNext())
        {
            features(ref x);
            scores(ref q);
            place(ref text);
            predicted(ref label);
            identity(ref id);
            read.Add(new Row(cursor.Position, id, x.GetItemOrDefault(Wide - 1), text.ToString(), label, string.Join(' ', q.DenseValues())));
        }

        return [.. read];
    }

    private sealed class Seen
    {
        public string Path { get; set; } = "";
    }

    private sealed class Beside
    {
        public float Length { get; set; }
    }

    private sealed record Row(long Position, DataViewRowId Id, float Last, string Place, uint Predicted, string Scores);
}
