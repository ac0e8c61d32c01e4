using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.EarlyReadout.Training;
using static TorchSharp.torch;

namespace MLSieve.Tests;

/// <summary>A batch that was gathered while a step ran has the numbers that the rows have.</summary>
public sealed class BatchAheadTests
{
    private const int Count = 400;
    private const int Width = 7;
    private const int Slots = 1000; // 32 rows are 126 KiB in memory, 64 are gathered ahead

    private readonly Row[] _rows;

    public BatchAheadTests()
    {
        var random = new Random(1);
        _rows =
        [
            .. Enumerable.Range(0, Count).Select(row => new Row
            {
                Features = [.. Enumerable.Range(0, Width).Select(_ => random.NextSingle())],
                Further = [.. Enumerable.Range(0, Slots).Select(_ => random.NextSingle())],
                Label = (uint)(row % 3),
            }),
        ];
    }

    [Theory]
    [InlineData(Rows.Gigabyte)]
    [InlineData(1000)] // in a file
    public void Rows_labels_and_columns_are_those_of_the_view(long budget)
    {
        NativeBackend.EnsureLoaded();
        using TrainingSet set = Set(budget);
        Assert.Equal(budget == Rows.Gigabyte, set.IsInMemory);
        long[] order = SeedSequence.Of(1).For("shuffle").Permutation(Count);
        using NativeLeakCheck leaks = NativeLeakCheck.Start();
        using var ahead = new BatchAhead(set, CPU);
        for (int start = 0; start + 64 <= Count; start += 64)
        {
            using var scope = NewDisposeScope();
            long[] places = order[start..(start + 64)];
            Batch batch = ahead.Take(places);
            if (start + 128 <= Count) ahead.Prepare(order.AsSpan(start + 64, 64));
            Assert.Equal(places, batch.Places);
            Assert.Equal(places.Select(row => row % 3), batch.Labels.data<long>().ToArray());
            Assert.Equal(places.SelectMany(row => _rows[row].Features), batch.Features.data<float>().ToArray());
            Assert.Equal(places.SelectMany(row => _rows[row].Further), batch.Column("Further").data<float>().ToArray());
            Assert.Equal([64, Slots], batch.Column("Further").shape);
            Assert.Equal(places.Select(row => row / 2f), batch.Take(arange(Count, float32) / tensor(2f)).data<float>().ToArray());
        }
    }

    [Fact]
    public void Columns_count_in_what_a_row_takes_and_in_where_rows_are()
    {
        using TrainingSet inMemory = Set(Rows.Gigabyte), beside = Set(2 * Count * Width * sizeof(float));
        Assert.Equal((Width + Slots) * sizeof(float), inMemory.RowBytes);
        Assert.True(inMemory.IsInMemory);
        Assert.Equal((true, false), (beside.Features.IsInMemory, beside.Columns["Further"].Rows.IsInMemory));
        Assert.False(beside.IsInMemory);
    }

    [Fact]
    public void What_is_not_taken_is_let_go()
    {
        NativeBackend.EnsureLoaded();
        using TrainingSet set = Set(Rows.Gigabyte);
        long[] rows = [.. Enumerable.Range(0, Count).Select(row => (long)row)];
        using NativeLeakCheck leaks = NativeLeakCheck.Start();
        using (var ahead = new BatchAhead(set, CPU))
        {
            using var scope = NewDisposeScope();
            ahead.Prepare(rows.AsSpan(0, 100));
            Assert.Equal(rows[200..300], ahead.Take(rows.AsSpan(200, 100)).Places);
            ahead.Prepare(rows.AsSpan(0, 100));
        }
    }

    [Fact]
    public void Where_memory_does_not_suffice_for_a_column_the_other_tensors_go()
    {
        NativeBackend.EnsureLoaded();
        using TrainingSet set = Set(Rows.Gigabyte);
        var huge = new PackedRows(
            new RowStore(Rows.Budget(Rows.Gigabyte)), FeatureShape.Vector(int.MaxValue / sizeof(float)), ScalarType.Float32);
        using var tooLarge = new TrainingSet
        {
            Features = set.Features,
            Labels = set.Labels,
            Groups = null,
            GroupNames = [],
            ClassNames = set.ClassNames,
            HasClassNames = set.HasClassNames,
            SkippedRows = 0,
            Columns = new Dictionary<string, PackedColumn> { ["Huge"] = new(huge, AreSingle: false) },
        };
        long[] rows = new long[1 << 17]; // 256 TiB: more than there are addresses
        using NativeLeakCheck leaks = NativeLeakCheck.Start();
        Assert.ThrowsAny<Exception>(() => new BatchTensors(tooLarge, rows, CPU));
    }

    private TrainingSet Set(long budget)
    {
        SchemaDefinition schema = SchemaDefinition.Create(typeof(Row));
        schema[nameof(Row.Label)].ColumnType = new KeyDataViewType(typeof(uint), 3);
        return Rows.Read(
            Rows.Ml.Data.LoadFromEnumerable(_rows, schema), Rows.With(nameof(Row.Further), RowColumnWidth.Any), budget: budget);
    }

    private sealed class Row
    {
        [VectorType(Width)]
        public float[] Features { get; set; } = [];

        [VectorType(Slots)]
        public float[] Further { get; set; } = [];

        /// <summary>From 0: LoadFromEnumerable makes a key of it that counts from 1.</summary>
        public uint Label { get; set; }
    }
}
