using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;
using static TorchSharp.torch;

namespace MLSieve.Tests;

/// <summary>Rows of mostly zeros are kept as what is not zero, whether a view hands them out dense or sparse.</summary>
public sealed class SparseRowTests
{
    private const int Width = 200;

    [Fact]
    public void Dense_and_sparse_views_of_equal_rows_are_packed_equally()
    {
        float[][] rows = Draw(60);
        rows[3] = new float[Width]; // nothing but zeros
        rows[4][7] = -0f; // a zero whose bits are not
        rows[5] = [.. Enumerable.Range(1, Width).Select(i => (float)i)];
        using var dense = Rows.Read(View(rows, row => new(row.Length, row)));
        using var sparse = Rows.Read(View(rows, Sparse));
        using var padded = Rows.Read(View(rows, row => new(row.Length, Width - 1, row[..^1], [.. Enumerable.Range(0, Width - 1)])));
        using var spilled = Rows.Read(View(rows, Sparse), budget: 100);
        Assert.False(spilled.IsInMemory);
        Assert.Equal(rows, Rows.Features(dense));
        Assert.Equal(rows, Rows.Features(sparse));
        Assert.Equal(rows, Rows.Features(spilled));
        Assert.True(float.IsNegative(Rows.Features(sparse)[4][7]));
        Assert.Equal(FingerprintOf(dense), FingerprintOf(sparse));
        Assert.Equal(FingerprintOf(dense), FingerprintOf(spilled));
        Assert.NotEqual(FingerprintOf(dense), FingerprintOf(padded)); // its last numbers are zero
    }

    [Fact]
    public void To_tell_rows_from_others_can_be_cancelled()
    {
        using var set = Rows.Read(View(Draw(10), Sparse));
        Assert.Throws<OperationCanceledException>(() => DataFingerprint.Of(set, new CancellationToken(canceled: true)));
    }

    [Fact]
    public void Zeros_that_a_sparse_vector_spells_out_are_not_kept()
    {
        float[][] rows = Draw(10);
        using var plain = Rows.Read(View(rows, Sparse));
        using var spelled = Rows.Read(View(rows, row => new(Width, Width - 1, row[1..], [.. Enumerable.Range(1, Width - 1)])));
        using var expected = Rows.Read(View([.. rows.Select(row => (float[])[0, .. row[1..]])], Sparse));
        Assert.Equal(FingerprintOf(expected), FingerprintOf(spelled));
        Assert.Equal(plain.Count, spelled.Count);
    }

    [Fact]
    public void Two_thousand_rows_of_a_hundred_thousand_numbers_take_less_than_a_mebibyte()
    {
        // Dense they take 800 MB.
        const int count = 2_000, wide = 100_000, others = 50;
        var random = new Random(1);
        VBuffer<float>[] rows = [.. Enumerable.Range(0, count).Select(_ =>
        {
            int[] places = [.. Enumerable.Range(0, others).Select(_ => random.Next(wide)).Distinct().Order()];
            return new VBuffer<float>(wide, places.Length, [.. places.Select(_ => random.NextSingle())], places);
        })];
        NativeBackend.EnsureLoaded();
        using var set = Rows.Read(View(rows, wide), budget: 1 << 20);
        Assert.True(set.IsInMemory);
        using var scope = NewDisposeScope();
        Tensor batch = set.Gather([1999, 0], CPU).Features; // (2, 100,000)
        Assert.Equal(rows[1999].DenseValues(), batch[0].data<float>().ToArray());
        Assert.Equal(rows[0].DenseValues(), batch[1].data<float>().ToArray());
    }

    [Fact]
    public void A_sparse_number_that_is_not_finite_is_named_by_its_slot()
    {
        float[][] rows = Draw(3);
        rows[2][150] = float.PositiveInfinity;
        Assert.Contains("row 2 (counted from 0 in the data view) has the value Infinity in slot 150;",
            Assert.Throws<InvalidDataException>(() => Rows.Read(View(rows, Sparse))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Sparse_pixels_are_bytes_until_one_is_not_and_then_floats()
    {
        float[][] rows = Draw(20);
        foreach (float[] row in rows)
            for (int i = 0; i < Width; i++) row[i] = MathF.Round(row[i] * 100);
        using (var bytes = Rows.Read(View(rows, Sparse), input: new() { Height = 10, Width = 20 }))
        {
            Assert.Equal(ScalarType.Byte, bytes.StoredType);
            Assert.Equal(rows, Rows.Features(bytes));
        }
        rows[^1][0] = 0.5f;
        using var floats = Rows.Read(View(rows, Sparse), input: new() { Height = 10, Width = 20 });
        Assert.Equal(ScalarType.Float32, floats.StoredType);
        Assert.Equal(rows, Rows.Features(floats));
    }

    private static long FingerprintOf(TrainingSet set) => DataFingerprint.Of(set, CancellationToken.None);

    // One number in 20 is not zero.
    private static float[][] Draw(int count)
    {
        var random = new Random(2);
        return [.. Enumerable.Range(0, count).Select(_ => Row())];

        float[] Row() => [.. Enumerable.Range(0, Width).Select(_ => random.Next(20) == 0 ? random.NextSingle() : 0)];
    }

    private static VBuffer<float> Sparse(float[] row)
    {
        int[] places = [.. Enumerable.Range(0, row.Length).Where(i => BitConverter.SingleToUInt32Bits(row[i]) != 0)];
        return new(row.Length, places.Length, [.. places.Select(i => row[i])], places);
    }

    private static IDataView View(float[][] rows, Func<float[], VBuffer<float>> vector) => View([.. rows.Select(vector)], Width);

    private static IDataView View(VBuffer<float>[] rows, int width)
    {
        var schema = SchemaDefinition.Create(typeof(Row));
        schema[nameof(Row.Features)].ColumnType = new VectorDataViewType(NumberDataViewType.Single, width);
        IEnumerable<Row> labelled = rows.Select((row, i) => new Row { Features = row, Label = i % 2 == 0 ? "a" : "b" });
        return Rows.Keyed(Rows.Ml.Data.LoadFromEnumerable(labelled, schema));
    }

    private sealed class Row
    {
        public VBuffer<float> Features { get; set; }

        public string? Label { get; set; }
    }
}
