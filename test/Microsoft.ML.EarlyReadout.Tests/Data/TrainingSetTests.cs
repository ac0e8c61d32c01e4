using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;
using static TorchSharp.torch;

namespace MLSieve.Tests;

public sealed class TrainingSetTests
{
    private static readonly (float[], string, string)[] _four =
    [
        ([1, 2.5f], "bird", "water"), ([-3, 4], "cat", "land"), ([5, 6], "bird", "land"), ([7, 8], "cat", "land"),
    ];

    [Fact]
    public void One_pass_reads_the_needed_columns_only_and_closes_the_cursor()
    {
        var view = new CountingView(Rows.View(2, _four));
        using var set = Rows.Read(view);
        Assert.Equal(1, view.Cursors);
        Assert.Equal(1, view.DisposedCursors);
        Assert.Equal(["Features", "Label"], view.ActiveColumns);
    }

    [Fact]
    public void The_cursor_is_closed_after_a_fault_too()
    {
        var view = new CountingView(Rows.View(2, ([1, 2], "a", ""), ([1, float.NaN], "b", "")));
        Assert.Throws<InvalidDataException>(() => Rows.Read(view));
        Assert.Equal(1, view.DisposedCursors);
    }

    [Fact]
    public void Texts_that_can_be_read_only_once_are_a_fault_that_says_why_they_are_read_twice()
    {
        bool isRead = false;
        var columns = new TrainingColumns("Text", "Label") { IsText = true };
        InvalidDataException fault = Assert.Throws<InvalidDataException>(
            () => Rows.Read(Rows.Ml.Data.LoadFromEnumerable(Once()), columns));
        Assert.Equal(
            "The data had 2 rows when the vocabulary was learnt from their texts, and none when they were read again to cut them into "
                + "tokens. Give a view that can be read twice, such as a cached one, or a vocabulary (Network.VocabularyPath).",
            fault.Message);

        IEnumerable<TextRow> Once()
        {
            if (isRead) yield break;
            isRead = true;
            yield return new TextRow { Text = "a cat", Label = 0 };
            yield return new TextRow { Text = "a dog", Label = 1 };
        }
    }

    [Fact]
    public void The_pass_over_all_rows_for_their_fingerprint_can_be_stopped_and_made_again()
    {
        using var set = Rows.Read(Rows.View(2, _four));
        using var stop = new CancellationTokenSource();
        stop.Cancel();
        Assert.ThrowsAny<OperationCanceledException>(() => set.FingerprintOf(stop.Token));
        IReadOnlyDictionary<string, string> known = set.FingerprintOf(CancellationToken.None);
        Assert.Equal("4", known["rows"]);
        Assert.Same(known, set.FingerprintOf(stop.Token)); // no pass is needed any more
    }

    [Fact]
    public void Rows_labels_and_class_names_are_those_of_the_view()
    {
        using var set = Rows.Read(Rows.View(2, _four));
        Assert.Equal(4, set.Count);
        Assert.Equal(FeatureShape.Vector(2), set.Shape);
        Assert.Equal(ScalarType.Float32, set.StoredType);
        Assert.Equal(["bird", "cat"], set.ClassNames);
        Assert.Equal([0, 1, 0, 1], set.Labels);
        Assert.Equal([[1, 2.5f], [-3, 4], [5, 6], [7, 8]], Rows.Features(set));
        Assert.Null(set.Groups);
        Assert.Empty(set.Columns);
    }

    [Fact]
    public void Vectors_of_whole_numbers_stay_floats()
    {
        using var set = Rows.Read(Rows.View(1, ([1], "a", ""), ([2], "b", "")));
        Assert.Equal(ScalarType.Float32, set.StoredType);
    }

    [Fact]
    public void Gather_copies_the_rows_asked_for_in_their_order()
    {
        NativeBackend.EnsureLoaded();
        using var scope = NewDisposeScope();
        using var set = Rows.Read(Rows.View(2, _four));
        var batch = set.Gather([3, 0, 3], CPU);
        Assert.Equal([3L, 2L], batch.Features.shape);
        Assert.Equal(ScalarType.Float32, batch.Features.dtype);
        Assert.Equal([7, 8, 1, 2.5f, 7, 8], batch.Features.data<float>().ToArray());
        Assert.Equal(ScalarType.Int64, batch.Labels.dtype);
        Assert.Equal([1L, 0L, 1L], batch.Labels.data<long>().ToArray());
        Assert.Equal([3L, 0L, 3L], batch.Rows);
        Assert.Equal([1L, 2L], set.Gather([1], CPU).Features.shape);
    }

    [Fact]
    public void A_batch_outlives_its_set_and_leaves_no_tensor()
    {
        using var check = NativeLeakCheck.Start();
        Batch batch;
        using (var set = Rows.Read(Rows.View(2, _four), budget: 1))
            batch = set.Gather([0, 1], CPU);
        using (batch)
            Assert.Equal([1, 2.5f, -3, 4], batch.Features.data<float>().ToArray());
    }

    [Fact]
    public void Eight_threads_gather_equal_rows()
    {
        NativeBackend.EnsureLoaded();
        var random = new Random(1);
        var rows = Enumerable.Range(0, 300)
            .Select(row => (new float[] { row, random.NextSingle() }, row % 3 == 0 ? "a" : "b", ""))
            .ToArray();
        using var set = Rows.Read(Rows.View(2, rows), budget: 100);
        Parallel.For(0, 8, new() { MaxDegreeOfParallelism = 8 }, thread =>
        {
            for (int step = 0; step < 50; step++)
            {
                long row = (thread * 31 + step * 7) % 300;
                using var batch = set.Gather([row, 299 - row], CPU);
                Assert.Equal([.. rows[row].Item1, .. rows[299 - row].Item1], batch.Features.data<float>().ToArray());
            }
        });
    }

    [Fact]
    public void Sparse_vectors_equal_dense_ones()
    {
        VBuffer<float>[] vectors = [new(5, 2, [1.5f, -2], [1, 4]), new(5, 0, [], []), new(5, [1, 2, 3, 4, 5])];
        var view = Rows.Keyed(
            Rows.Ml.Data.LoadFromEnumerable(
                vectors.Select((vector, row) => new SparseRow { Features = vector, Label = row % 2 == 0 ? "a" : "b" })));
        using var set = Rows.Read(view);
        Assert.Equal([[0, 1.5f, 0, 0, -2], [0, 0, 0, 0, 0], [1, 2, 3, 4, 5]], Rows.Features(set));
    }

    [Theory]
    [InlineData(float.NaN, "NaN")]
    [InlineData(float.PositiveInfinity, "Infinity")]
    [InlineData(float.NegativeInfinity, "-Infinity")]
    public void A_feature_that_is_not_finite_is_an_error_that_names_column_row_and_slot(float value, string written)
    {
        var row = new float[20];
        row[17] = value;
        // The first row has no label: it is skipped, but it counts as row 0.
        var view = Rows.View(20, (new float[20], "", ""), (new float[20], "a", ""), (row, "b", ""));
        Assert.Equal(
            $"Column 'Features', row 2 (counted from 0 in the data view) has the value {written} in slot 17; expected a finite number. "
                + "Add ReplaceMissingValues, or drop such rows.",
                Assert.Throws<InvalidDataException>(() => Rows.Read(view)).Message);
    }

    [Fact]
    public void A_feature_that_is_not_finite_is_found_in_pixels_too()
    {
        var row = new float[12];
        row[3] = float.NaN;
        var view = Rows.View(12, (new float[12], "a", ""), (row, "b", ""));
        Assert.Contains("row 1 (counted from 0 in the data view) has the value NaN in slot 3",
            Assert.Throws<InvalidDataException>(() => Rows.Read(view, input: new() { Height = 2, Width = 2 })).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Groups_are_the_pairs_of_label_and_attribute_that_occur()
    {
        using var set = Rows.Read(Rows.View(2, _four), new("Features", "Label", "Place"));
        Assert.Equal(["bird, land", "bird, water", "cat, land"], set.GroupNames);
        Assert.Equal([1, 2, 0, 2], set.Groups!);
    }

    [Fact]
    public void Attributes_are_read_from_keys_numbers_and_bools()
    {
        AttributeRow[] rows = [new("a", true, 10, 2.5f), new("b", false, 9, float.NaN), new("b", true, 10, -1.5f)];
        var view = Rows.Keyed(Rows.Ml.Data.LoadFromEnumerable(rows));
        view = Rows.Ml.Transforms.Conversion.MapValueToKey("Key", "Text")
            .Append(Rows.Ml.Transforms.Conversion.ConvertType("ByteKey", "Key", DataKind.Byte))
            .Fit(view)
            .Transform(view);
        Assert.Equal(["a, Bool=True", "b, Bool=False", "b, Bool=True"], Names("Bool"));
        Assert.Equal(["a, 10", "b, 9", "b, 10"], Names("Number"));
        Assert.Equal(["a, 2.5", "b, (missing)", "b, -1.5"], Names("Real"));
        Assert.Equal(["a, t10", "b, t10", "b, t9"], Names("Text"));
        Assert.Equal(["a, t10", "b, t10", "b, t9"], Names("Key"));
        Assert.Equal(["a, t10", "b, t10", "b, t9"], Names("ByteKey"));

        IReadOnlyList<string> Names(string column)
        {
            using var set = Rows.Read(view, new("Features", "Label", column));
            return set.GroupNames;
        }
    }

    [Fact]
    public void A_group_column_that_is_missing_or_a_vector_is_an_error()
    {
        var view = Rows.View(2, _four);
        Assert.Equal("The group column 'Plaace' is not in the data, which has 'Features', 'Label', 'Place'.",
            Assert.Throws<ArgumentOutOfRangeException>(() => Rows.Read(view, new("Features", "Label", "Plaace"))).Message);
        Assert.Equal(
            "The group column 'Features' is of type Vector<Single, 2>; expected a key, text, a number or a bool. Name a column with one "
                + "attribute a row.",
                Assert.Throws<ArgumentOutOfRangeException>(() => Rows.Read(view, new("Features", "Label", "Features"))).Message);
    }

    [Fact]
    public void A_turkish_culture_changes_neither_names_nor_messages()
    {
        var before = CultureInfo.CurrentCulture;
        CultureInfo.CurrentCulture = CultureInfo.GetCultureInfo("tr-TR");
        try
        {
            AttributeRow[] rows = [new("a", true, 10, 2.5f), new("b", false, 9, -1.5f)];
            var log = new List<string>();
            using var set = Rows.Read(
                Rows.Keyed(Rows.Ml.Data.LoadFromEnumerable(rows)), new("Features", "Label", "Real"), budget: 1, log: log);
            Assert.Equal(["a, 2.5", "b, -1.5"], set.GroupNames);
            var numbers = Rows.Ml.Transforms.Conversion.MapValueToKey("Label", "Real");
            var view = Rows.Ml.Data.LoadFromEnumerable(rows);
            using var byNumber = Rows.Read(numbers.Fit(view).Transform(view));
            Assert.Equal(["2.5", "-1.5"], byNumber.ClassNames);
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    private sealed class SparseRow
    {
        [VectorType(5)]
        public VBuffer<float> Features { get; set; }

        public string? Label { get; set; }
    }

    private sealed class TextRow
    {
        public string Text { get; set; } = "";

        [KeyType(2)]
        public uint Label { get; set; }
    }

    private sealed class AttributeRow(string label, bool isTrue, int number, float real)
    {
        [VectorType(1)]
        public float[] Features { get; set; } = [1];

        public string Label { get; set; } = label;

        public bool Bool { get; set; } = isTrue;

        public int Number { get; set; } = number;

        public float Real { get; set; } = real;

        public string Text { get; set; } = "t" + number;
    }
}
