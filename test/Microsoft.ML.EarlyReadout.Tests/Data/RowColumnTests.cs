using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;
using static TorchSharp.torch;

namespace MLSieve.Tests;

/// <summary>What a method reads for each training row, beside features, label and group.</summary>
public sealed class RowColumnTests
{
    private static readonly IDataView _view = Rows.Keyed(Rows.Ml.Data.LoadFromEnumerable(
        new Row[] { new("a", 0.5f, [1, 2]), new("b", 1.5f, [3, 4]), new("a", 2.5f, [5, 6]) }));

    private static TrainingColumns All => new("Features", "Label")
    {
        Others =
        [
            .. Rows.With("Number", RowColumnWidth.One).Others,
            .. Rows.With("Two", RowColumnWidth.OnePerClass).Others,
            .. Rows.With("Features", RowColumnWidth.Any).Others,
            .. Rows.With("Maps", RowColumnWidth.Any).Others,
        ],
    };

    [Fact]
    public void A_batch_gives_each_by_name_for_its_rows()
    {
        NativeBackend.EnsureLoaded();
        using var scope = NewDisposeScope();
        using TrainingSet set = Rows.Read(_view, All);
        Batch batch = set.Gather([2, 0, 2], CPU);
        Assert.Equal([3], batch.Column("Number").shape);
        Assert.Equal([2.5f, 0.5f, 2.5f], batch.Column("Number").data<float>().ToArray());
        Assert.Equal([3, 2], batch.Column("Two").shape);
        Assert.Equal([5, 6, 1, 2, 5, 6], batch.Column("Two").data<float>().ToArray());
        Assert.Equal(batch.Features.data<float>().ToArray(), batch.Column("Features").data<float>().ToArray());
        Assert.Equal([3, 2, 1, 1], batch.Column("Maps").shape);
        Assert.Equal(ScalarType.Byte, batch.Column("Maps").dtype); // whole numbers, as of images
        Assert.Equal(
            "Column 'Other' was not read with the rows. Add it to RowColumns of the options. (Parameter 'name')",
            Assert.Throws<ArgumentException>(() => batch.Column("Other")).Message);
    }

    [Fact]
    public void One_that_is_missing_or_of_another_width_is_named_with_what_to_do()
    {
        Assert.Equal(
            "The further column 'Lost' is not in the data, which has 'Number', 'Two', 'Features', 'Maps', 'Label'.",
            Fault("Lost", RowColumnWidth.One));
        Assert.Equal(
            "The further column 'Two' is of type Vector<Single, 2>; expected Single. Give another.", Fault("Two", RowColumnWidth.One));
        Assert.Equal(
            "The further column 'Number' is of type Single; expected Vector<Single> with one slot for each of the 2 classes. Give another.",
            Fault("Number", RowColumnWidth.OnePerClass));
        Assert.Equal(
            "The further column 'Maps' is of type Vector<Single, 2, 1, 1>; expected Single. Give another.",
            Fault("Maps", RowColumnWidth.One));
        Assert.Equal(
            "The further column 'Number' is of type Single; expected Vector<Single> of known size. Give another.",
            Fault("Number", RowColumnWidth.Any));
        IDataView three = Rows.View(2, ([1, 2], "a", ""), ([1, 2], "b", ""), ([1, 2], "c", ""));
        Assert.StartsWith(
            "The further column 'Features' is of type Vector<Single, 2>; expected Vector<Single> with one slot for each of the 3 classes.",
            Assert.Throws<ArgumentOutOfRangeException>(() => Rows.Read(three, Rows.With("Features", RowColumnWidth.OnePerClass))).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_promised_schema_is_checked_as_far_as_it_tells()
    {
        SchemaShape shape = SchemaShapes.Of(_view.Schema);
        All.Check(shape);
        Assert.Equal(
            "The further column 'Two' is of type Vector<Single>; expected Single.",
            Assert.Throws<ArgumentOutOfRangeException>(() => Rows.With("Two", RowColumnWidth.One).Check(shape)).Message);
        Assert.Equal(
            "The further column 'Number' is of type Single; expected Vector<Single>.",
            Assert.Throws<ArgumentOutOfRangeException>(() => Rows.With("Number", RowColumnWidth.Any).Check(shape)).Message);
    }

    [Fact]
    public void A_number_that_is_not_finite_is_an_error_that_names_column_and_row()
    {
        IDataView view = Rows.Keyed(Rows.Ml.Data.LoadFromEnumerable(new Row[] { new("a", 1, [1, 2]), new("b", float.NaN, [3, 4]) }));
        Assert.Equal(
            "Column 'Number', row 1 (counted from 0 in the data view) has the value NaN; expected a finite number. "
                + "Add ReplaceMissingValues, or drop such rows.",
            Assert.Throws<InvalidDataException>(() => Rows.Read(view, Rows.With("Number", RowColumnWidth.One))).Message);
    }

    [Fact]
    public void The_fingerprint_has_each_by_name_and_sees_a_change_in_it()
    {
        using TrainingSet set = Rows.Read(_view, All);
        string[] names = ["column 'Features'", "column 'Maps'", "column 'Number'", "column 'Two'"];
        IReadOnlyDictionary<string, string> fingerprint = set.FingerprintOf(CancellationToken.None);
        Assert.Equal(names, fingerprint.Keys.Where(name => name.StartsWith("column ", StringComparison.Ordinal)).Order());
        IDataView other = Rows.Keyed(Rows.Ml.Data.LoadFromEnumerable(
            new Row[] { new("a", 0.5f, [1, 2]), new("b", 1.5f, [3, 4]), new("a", 2.25f, [5, 6]) }));
        using TrainingSet changed = Rows.Read(other, All);
        IReadOnlyDictionary<string, string> second = changed.FingerprintOf(CancellationToken.None);
        Assert.Equal(["column 'Number'"], fingerprint.Where(part => second[part.Key] != part.Value).Select(part => part.Key));
    }

    [Fact]
    public void Fits_over_one_view_share_rows_of_equal_columns_only()
    {
        using var view = new PackedView(_view);
        using TrainingSet first = Rows.Read(view, All), again = Rows.Read(view, All), other = Rows.Read(view);
        Assert.Same(first, again);
        Assert.NotSame(first, other);
    }

    private static string Fault(string column, RowColumnWidth width) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => Rows.Read(_view, Rows.With(column, width))).Message;

    private sealed class Row(string label, float number, float[] features)
    {
        public float Number { get; } = number;

        [VectorType(2)]
        public float[] Two { get; } = features;

        [VectorType(2)]
        public float[] Features { get; } = features;

        [VectorType(2, 1, 1)]
        public float[] Maps { get; } = features;

        public string Label { get; } = label;
    }
}
