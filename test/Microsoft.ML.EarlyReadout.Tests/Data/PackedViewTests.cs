using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

/// <summary>Who reads the rows of a view that is packed once, and who waits for whom.</summary>
public sealed class PackedViewTests
{
    private const int Count = 100;

    [Fact]
    public void To_others_it_is_the_view_that_it_was_made_of()
    {
        IDataView rows = View();
        using var packed = new PackedView(rows);
        Assert.Same(rows.Schema, packed.Schema);
        Assert.Equal(rows.GetRowCount(), packed.GetRowCount());
        Assert.Equal(rows.CanShuffle, packed.CanShuffle);
        Assert.Equal(rows.GetColumn<float[]>("Features"), packed.GetColumn<float[]>("Features"));
        Assert.Equal(rows.GetColumn<uint>("Label"), Rows.Ml.Data.Cache(packed).GetColumn<uint>("Label"));
    }

    [Fact]
    public void What_decides_the_packing_decides_which_rows_are_shared()
    {
        var view = new CountingView(View(4));
        using var packed = new PackedView(view);
        using TrainingSet first = Rows.Read(packed), equal = Rows.Read(packed, new("Features", "Label"), new() { Mean = [] });
        Assert.Same(first, equal);
        using TrainingSet grouped = Rows.Read(packed, new("Features", "Label", "Place"));
        using TrainingSet images = Rows.Read(packed, input: new() { Height = 2, Width = 2 });
        Assert.NotNull(grouped.Groups);
        Assert.IsType<ImageShape>(images.Shape);
        Assert.Equal(3, view.Cursors);
        using TrainingSet again = Rows.Read(packed, new("Features", "Label", "Place"));
        Assert.Same(grouped, again);
        Assert.Equal(3, view.Cursors);
    }

    [Fact]
    public void Images_of_equal_dimensions_and_another_order_are_packed_apart()
    {
        var input = new InputOptions();
        using TrainingSet planes = Zeros(ImageLayout.ChannelsFirst), equal = Zeros(ImageLayout.ChannelsFirst);
        using TrainingSet interleaved = Zeros(ImageLayout.ChannelsLast);
        Assert.Equal(planes.Shape.Dimensions, interleaved.Shape.Dimensions);
        Assert.Equal(Like(planes), Like(equal));
        Assert.NotEqual(Like(planes), Like(interleaved));

        Packing Like(TrainingSet training) => Packing.Of(new("Features", "Label"), input, training, null);

        static TrainingSet Zeros(ImageLayout layout)
        {
            (int height, int width) = layout == ImageLayout.ChannelsFirst ? (9, 3) : (3, 9); // [3, 9, 3] both
            using var packer = new RowPacker(new ImageShape(layout, 3, height, width), Rows.Budget(1 << 20));
            packer.Add(new float[packer.Shape.Size]);
            return new TrainingSet
            {
                Features = packer.Finish(),
                ClassNames = ["a", "b"],
                HasClassNames = true,
                SkippedRows = 0,
                Labels = [0],
                Groups = null,
                GroupNames = [],
            };
        }
    }

    [Fact]
    public void Validation_rows_are_shared_by_all_training_sets_that_they_agree_with_and_still_checked_against_others()
    {
        var view = new CountingView(View());
        using var packed = new PackedView(view);
        using TrainingSet training = Rows.Read(View()), equal = Rows.Read(View(seed: 3));
        using TrainingSet held = Rows.Read(packed, like: training), shared = Rows.Read(packed, like: equal);
        Assert.Same(held, shared);
        Assert.Equal(1, view.Cursors);
        using TrainingSet other = Rows.Read(Rows.View(1, ([1], "a", ""), ([2], "c", "")));
        var error = Assert.Throws<ArgumentOutOfRangeException>(() => Rows.Read(packed, like: other));
        Assert.Contains("has the class 'b'", error.Message, StringComparison.Ordinal);
        Assert.Equal(1, view.Cursors);
    }

    [Fact]
    public void Validation_texts_are_cut_anew_for_another_vocabulary_and_shared_under_an_equal_one()
    {
        var columns = new TrainingColumns("Place", "Label") { IsText = true };
        IDataView held = Rows.View(1, ([1], "a", "ab ba"), ([2], "b", "ba ab ab"));
        var view = new CountingView(held);
        using var packed = new PackedView(view);
        using TrainingSet first = Training("ab ab"), equal = Training("ab ab"), other = Training("ba ba");
        Assert.Equal(first.Shape, other.Shape);
        using TrainingSet byFirst = Rows.Read(packed, columns, like: first), byEqual = Rows.Read(packed, columns, like: equal),
            byOther = Rows.Read(packed, columns, like: other);
        Assert.Same(byFirst, byEqual);
        Assert.Equal(2, view.Cursors);
        using TrainingSet alone = Rows.Read(held, columns, like: other);
        Assert.Equal(Rows.Features(alone), Rows.Features(byOther));
        Assert.NotEqual(Rows.Features(byFirst), Rows.Features(byOther));

        TrainingSet Training(string text) => Rows.Read(Rows.View(1, ([1], "a", text), ([2], "b", text)), columns);
    }

    [Fact]
    public void What_the_rows_show_is_told_to_the_first_and_the_next_is_told_that_they_are_used_again()
    {
        using var packed = new PackedView(Rows.View(1, ([1], "a", ""), ([2], "b", ""), ([3], "", "")));
        List<string> first = [], second = [];
        using TrainingSet read = Rows.Read(packed, log: first), shared = Rows.Read(packed, log: second);
        Assert.Equal(["Skipped 1 of 3 rows: no label in column 'Label'."], first);
        Assert.Equal(["Another fit has read and packed these 2 rows; they are used again."], second);
    }

    [Fact]
    public async Task Who_waits_for_a_reading_that_is_cancelled_reads_anew()
    {
        using var cancellation = new CancellationTokenSource();
        using var halfWay = new ManualResetEventSlim();
        using var go = new ManualResetEventSlim();
        var view = new CountingView(View(), row =>
        {
            if (row != Count / 2 || halfWay.IsSet) return;
            halfWay.Set();
            go.Wait(TestContext.Current.CancellationToken);
            cancellation.Cancel();
        });
        using var packed = new PackedView(view);
        Task<TrainingSet> first = Task.Run(() => Read(packed, cancellation.Token));
        halfWay.Wait(TestContext.Current.CancellationToken);
        Task<TrainingSet>[] others = [.. Enumerable.Range(0, 3).Select(_ => Task.Run(() => Rows.Read(packed)))];
        await Task.Delay(100, TestContext.Current.CancellationToken);
        Assert.Equal(1, view.Cursors); // the others wait
        go.Set();
        await Assert.ThrowsAsync<OperationCanceledException>(() => first);
        TrainingSet[] sets = await Task.WhenAll(others);
        Assert.Equal(2, view.Cursors);
        Assert.All(sets, set => Assert.Same(sets[0], set));
        Assert.Equal(Rows.Features(Rows.Read(View())), Rows.Features(sets[0]));
    }

    [Fact]
    public void A_reading_that_fails_leaves_the_next_one_to_read_anew()
    {
        bool fails = true;
        var view = new CountingView(View(), row =>
        {
            if (row == 7 && fails) throw new IOException("The disk is gone.");
        });
        using var packed = new PackedView(view);
        Assert.Throws<IOException>(() => Rows.Read(packed));
        Assert.Throws<IOException>(() => Rows.Read(packed));
        fails = false;
        using TrainingSet set = Rows.Read(packed), shared = Rows.Read(packed);
        Assert.Same(set, shared);
        Assert.Equal((3, 3), (view.Cursors, view.DisposedCursors));
    }

    [Fact]
    public async Task Who_waits_can_be_cancelled_and_who_reads_goes_on()
    {
        using var halfWay = new ManualResetEventSlim();
        using var go = new ManualResetEventSlim();
        var view = new CountingView(View(), row =>
        {
            if (row != Count / 2) return;
            halfWay.Set();
            go.Wait(TestContext.Current.CancellationToken);
        });
        using var packed = new PackedView(view);
        Task<TrainingSet> first = Task.Run(() => Rows.Read(packed));
        halfWay.Wait(TestContext.Current.CancellationToken);
        using var cancellation = new CancellationTokenSource(100);
        await Assert.ThrowsAsync<OperationCanceledException>(() => Task.Run(() => Read(packed, cancellation.Token)));
        Assert.False(first.IsCompleted);
        go.Set();
        using TrainingSet set = await first;
        Assert.Equal(Count, set.Count);
        Assert.Equal(1, view.Cursors);
    }

    [Fact]
    public void A_fit_after_the_end_is_told_so_and_reads_nothing()
    {
        var view = new CountingView(BiasedRow.View(Rows.Ml));
        var packed = new PackedView(view);
        IEstimator<EarlyReadoutTransformer> estimator = Rows.Ml.Transforms.EarlyReadout(new EarlyReadoutEstimator.Options { Epochs = 1 });
        using (NativeLeakCheck.Start()) estimator.Fit(packed).Dispose();
        packed.Dispose();
        packed.Dispose();
        string message = Assert.Throws<ObjectDisposedException>(() => estimator.Fit(packed)).Message;
        const string told = "The packed rows of this view were disposed. Fit on the view that it was made of.";
        Assert.StartsWith(told, message, StringComparison.Ordinal);
        Assert.Equal(1, view.Cursors);
        Assert.Equal(400, packed.GetColumn<uint>("Label").Count()); // the view itself is its maker's
    }

    [Fact]
    public async Task A_reading_that_outlasts_the_view_is_not_kept()
    {
        using var halfWay = new ManualResetEventSlim();
        using var go = new ManualResetEventSlim();
        var view = new CountingView(View(), row =>
        {
            if (row != Count / 2) return;
            halfWay.Set();
            go.Wait(TestContext.Current.CancellationToken);
        });
        var packed = new PackedView(view);
        Task<TrainingSet> reading = Task.Run(() => Rows.Read(packed));
        halfWay.Wait(TestContext.Current.CancellationToken);
        packed.Dispose();
        go.Set();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => reading);
        Assert.Equal((1, 1), (view.Cursors, view.DisposedCursors));
    }

    [Fact]
    public void The_stock_head_of_a_label_is_fitted_once()
    {
        using var packed = new PackedView(View());
        DataViewSchema.Column label = packed.Schema["Label"];
        Assert.Throws<OperationCanceledException>(() => StockHead.Of(packed, label, new CancellationToken(canceled: true)));
        StockHead head = StockHead.Of(packed, label, TestContext.Current.CancellationToken);
        Assert.Same(head, StockHead.Of(packed, label, TestContext.Current.CancellationToken));
    }

    private static IDataView View(int width = 1, int seed = 1)
    {
        var random = new Random(seed);
        return Rows.View(width, [.. Enumerable.Range(0, Count).Select(Draw)]);

        (float[], string, string) Draw(int row) =>
            ([.. Enumerable.Range(0, width).Select(_ => (float)random.Next(256))], row % 2 == 0 ? "a" : "b",
            row % 3 == 0 ? "land" : "water");
    }

    private static TrainingSet Read(IDataView view, CancellationToken token) =>
        TrainingSet.Read(view, new("Features", "Label"), new(), Rows.Budget(Rows.Gigabyte), _ => { }, _ => { }, token);
}
