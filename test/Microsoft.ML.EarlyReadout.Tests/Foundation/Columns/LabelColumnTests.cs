using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

public sealed class LabelColumnTests
{
    [Theory]
    [InlineData(DataKind.Byte)]
    [InlineData(DataKind.UInt16)]
    [InlineData(DataKind.UInt32)]
    [InlineData(DataKind.UInt64)]
    public void Keys_of_any_type_are_labels(DataKind kind)
    {
        var view = Rows.View(1, ([1], "x", ""), ([2], "", ""), ([3], "y", ""), ([4], "x", ""));
        view = Rows.Ml.Transforms.Conversion.ConvertType("Label", outputKind: kind).Fit(view).Transform(view);
        Assert.IsType<KeyDataViewType>(view.Schema["Label"].Type);
        using var set = Rows.Read(view);
        Assert.Equal([0, 1, 0], set.Labels);
        Assert.Equal(1, set.SkippedRows);
        Assert.Equal([[1], [3], [4]], Rows.Features(set));
    }

    [Fact]
    public void Key_values_of_any_type_name_the_classes()
    {
        NumberRow[] rows = [new(7, true), new(-3, false)];
        var view = Rows.Ml.Data.LoadFromEnumerable(rows);
        Assert.Equal(["7", "-3"], Names("Number"));
        Assert.Equal(["True", "False"], Names("Bool"));

        IReadOnlyList<string> Names(string column)
        {
            using var set = Rows.Read(Rows.Ml.Transforms.Conversion.MapValueToKey("Label", column).Fit(view).Transform(view));
            Assert.True(set.HasClassNames);
            return set.ClassNames;
        }
    }

    [Fact]
    public void A_key_without_values_names_its_classes_from_zero_as_the_model_does()
    {
        // ML.NET counts the keys of objects from 0 and those of views from 1.
        using var set = Rows.Read(Rows.Ml.Data.LoadFromEnumerable<KeyRow>([new(2), new(0)]));
        Assert.Equal(["0", "1", "2", "3"], set.ClassNames);
        Assert.False(set.HasClassNames);
        Assert.Equal([2, 0], set.Labels);
    }

    [Fact]
    public void Rows_without_a_label_are_skipped_counted_and_logged()
    {
        var log = new List<string>();
        using var set = Rows.Read(Rows.View(1, ([1], "", ""), ([float.NaN], "", ""), ([2], "a", ""), ([3], "b", "")), log: log);
        Assert.Equal(2, set.Count);
        Assert.Equal(2, set.SkippedRows);
        Assert.Equal(["Skipped 2 of 4 rows: no label in column 'Label'."], log);
    }

    [Fact]
    public void Classes_without_rows_are_logged_and_a_class_with_one_row_is_fine()
    {
        var all = Rows.View(1, ([1], "a", ""), ([2], "b", ""), ([3], "c", ""), ([4], "a", ""));
        var log = new List<string>();
        using var set = Rows.Read(Rows.Ml.Data.FilterRowsByKeyColumnFraction(all, "Label", 0, 0.7), log: log);
        Assert.Equal(3, set.Classes);
        Assert.Equal(["Warning: 1 of 3 classes have no training rows: 'c'."], log);
    }

    [Fact]
    public void No_rows_is_an_error()
    {
        var view = Rows.View(1, ([1], "a", ""), ([2], "b", ""));
        Assert.Equal("The data has no rows.", Assert.Throws<InvalidDataException>(() => Rows.Read(Rows.Ml.Data.SkipRows(view, 2))).Message);
    }

    [Fact]
    public void No_rows_with_a_label_is_an_error()
    {
        var key = Rows.Ml.Transforms.Conversion.MapValueToKey("Label").Fit(Rows.Load(1, ([1], "a", ""), ([2], "b", "")));
        Assert.Equal("The data has no rows with a label: all 2 rows lack one in column 'Label'.",
            Assert.Throws<InvalidDataException>(() => Rows.Read(key.Transform(Rows.Load(1, ([1], "", ""), ([2], "", ""))))).Message);
    }

    [Fact]
    public void One_class_is_an_error() =>
        Assert.Equal("The label column 'Label' knows only one class; a classifier needs at least two.",
            Assert.Throws<ArgumentOutOfRangeException>(() => Rows.Read(Rows.View(1, ([1], "a", ""), ([2], "a", "")))).Message);

    [Fact]
    public void A_label_that_is_no_key_is_an_error_that_names_the_transform() =>
        Assert.Equal(
            "The label column 'Label' is of type String; expected a key. Add Conversion.MapValueToKey(\"Label\") before the trainer.",
                Assert.Throws<ArgumentOutOfRangeException>(() => Rows.Read(Rows.Load(1, ([1], "a", "")))).Message);

    [Fact]
    public void A_key_that_does_not_count_its_values_is_an_error()
    {
        var builder = new DataViewSchema.Builder();
        builder.AddColumn("Label", new KeyDataViewType(typeof(ulong), ulong.MaxValue));
        Assert.Contains("expected a key of at most 10000 classes. Where its values are no classes, as of a hash, add ",
            Assert.Throws<ArgumentOutOfRangeException>(() => LabelColumn.Find(builder.ToSchema(), "Label")).Message,
            StringComparison.Ordinal);
    }

    private sealed class NumberRow(int number, bool isTrue)
    {
        [VectorType(1)]
        public float[] Features { get; set; } = [1];

        public int Number { get; set; } = number;

        public bool Bool { get; set; } = isTrue;
    }

    private sealed class KeyRow(uint label)
    {
        [VectorType(1)]
        public float[] Features { get; set; } = [1];

        [KeyType(4)]
        public uint Label { get; set; } = label;
    }
}
