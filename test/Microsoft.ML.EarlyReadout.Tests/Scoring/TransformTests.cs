using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

public sealed class TransformTests
{
    private readonly MLContext _ml = new(seed: 1);

    [Theory]
    [InlineData("Name")]
    [InlineData("Number")]
    public void Batches_and_the_stock_chain_give_the_same_scores_labels_and_schema(string label)
    {
        IDataView data = Example.View(_ml, Example.Draw(2000), label);
        using EarlyReadoutTransformer model = new RandomClassifier().Fit(data);
        using TransformerChain<ITransformer> stock = Reload(model, data.Schema);

        IDataView batched = model.Transform(data);
        IDataView rowByRow = stock.Transform(data);

        Assert.Equal(Describe(rowByRow.Schema), Describe(batched.Schema));
        Assert.Equal(Describe(batched.Schema), Describe(model.GetOutputSchema(data.Schema)));
        AssertSameScores(Read(rowByRow), Read(batched));
    }

    [Theory]
    [InlineData(2, 1)]
    [InlineData(2, 30)]
    [InlineData(10, 30)]
    [InlineData(100, 1)]
    [InlineData(300, 1)]
    [InlineData(300, 30)]
    [InlineData(300, 1000)]
    [InlineData(2000, 1)]
    [InlineData(2000, 30)]
    public void A_saved_model_agrees_for_any_number_of_classes_and_size_of_logits(int classes, float scale)
    {
        IDataView data = Example.View(_ml, Example.Draw(2000, classes));
        using EarlyReadoutTransformer model = new RandomClassifier { Scale = scale }.Fit(data);
        using TransformerChain<ITransformer> stock = Reload(model, data.Schema);
        IDataView rows = _ml.Data.TakeRows(data, 500);
        Prediction[] expected = Read(model.Transform(rows));
        Prediction[] actual = Read(stock.Transform(rows));
        AssertSameScores(expected, actual);
    }

    [Fact]
    public void A_row_scores_the_same_alone_and_in_a_batch_and_keeps_its_place()
    {
        Example[] rows = Example.Draw(1000);
        IDataView data = Example.View(_ml, rows);
        using EarlyReadoutTransformer model = new RandomClassifier().Fit(data);
        Prediction[] whole = Read(model.Transform(data));
        Assert.Equal(rows.Select(row => row.Note), whole.Select(row => row.Note));

        var alone = new List<Prediction>();
        for (int i = 0; i < 40; i++) alone.AddRange(Read(model.Transform(Example.View(_ml, [rows[i]]))));
        AssertSameScores(whole[..40], [.. alone]);
        AssertSameScores(whole[..300], Read(model.Transform(_ml.Data.TakeRows(data, 300))));
    }

    [Fact]
    public void Other_columns_pass_through_untouched()
    {
        Example[] rows = Example.Draw(600);
        IDataView data = Example.View(_ml, rows);
        using EarlyReadoutTransformer model = new RandomClassifier().Fit(data);
        Example[] passed = [.. _ml.Data.CreateEnumerable<Example>(model.Transform(data), reuseRowObject: false)];
        Assert.Equal(rows.Select(row => row.Note), passed.Select(row => row.Note));
        Assert.Equal(rows.SelectMany(row => row.Tags), passed.SelectMany(row => row.Tags));

        IDataView scored = model.Transform(data);
        using DataViewRowCursor cursor = scored.GetRowCursor(scored.Schema);
        ValueGetter<VBuffer<float>> features = cursor.GetGetter<VBuffer<float>>(scored.Schema["Features"]);
        ValueGetter<VBuffer<int>> tags = cursor.GetGetter<VBuffer<int>>(scored.Schema["Tags"]);
        ValueGetter<int> number = cursor.GetGetter<int>(scored.Schema["Number"]);
        ValueGetter<DataViewRowId> id = cursor.GetIdGetter();
        VBuffer<float> feature = default;
        VBuffer<int> tag = default;
        int value = 0;
        DataViewRowId rowId = default;
        var ids = new HashSet<DataViewRowId>();
        for (int i = 0; cursor.MoveNext(); i++)
        {
            features(ref feature);
            tags(ref tag);
            number(ref value);
            id(ref rowId);
            Assert.Equal(rows[i].Features, feature.DenseValues());
            Assert.Equal(rows[i].Tags, tag.DenseValues());
            Assert.Equal(rows[i].Number, value);
            Assert.Equal(i, cursor.Position);
            Assert.True(ids.Add(rowId));
        }

        Assert.Equal(rows.Length, ids.Count);
    }

    [Fact]
    public void The_source_is_read_once_and_only_where_scores_are_wanted()
    {
        int reads = 0;
        IDataView view = _ml.Data.LoadFromEnumerable(Example.Draw(300));
        view = _ml.Transforms.CustomMapping<Counted, Counted>(
            (from, to) => { Interlocked.Increment(ref reads); to.Features = from.Features; }, null).Fit(view).Transform(view);
        IDataView data = _ml.Transforms.Conversion.MapValueToKey("Label", "Name").Fit(view).Transform(view);
        using EarlyReadoutTransformer model = new RandomClassifier().Fit(data);
        IDataView scored = model.Transform(data);

        reads = 0;
        _ = scored.GetColumn<string>("Note").ToArray();
        Assert.Equal(0, reads);
        _ = scored.GetColumn<float[]>("Score").ToArray();
        Assert.Equal(300, reads);
        reads = 0;
        foreach (var _ in _ml.Data.CreateEnumerable<ScoredCounted>(scored, reuseRowObject: false)) { }
        Assert.Equal(300, reads);
    }

    [Fact]
    public void Sparse_features_score_like_dense_ones()
    {
        IDataView dense = Example.View(_ml, Example.Draw(50));
        using EarlyReadoutTransformer model = new RandomClassifier().Fit(dense);
        var sparse = new SparseRow { Features = new VBuffer<float>(4, 2, [1.5f, -0.5f], [1, 3]) };
        var same = new Example { Features = [0, 1.5f, 0, -0.5f] };
        float[] fromSparse = model.Transform(
            _ml.Data.LoadFromEnumerable(
                [sparse], model.GetOutputSchema(dense.Schema).Take(1).Aggregate(SchemaDefinition.Create(typeof(SparseRow)), WithType)))
            .GetColumn<float[]>("Score")
            .Single();
        float[] fromDense = model.Transform(_ml.Data.LoadFromEnumerable([same])).GetColumn<float[]>("Score").Single();
        Assert.Equal(fromDense, fromSparse);

        static SchemaDefinition WithType(SchemaDefinition definition, DataViewSchema.Column column)
        {
            definition[nameof(SparseRow.Features)].ColumnType = new VectorDataViewType(NumberDataViewType.Single, 4);
            return definition;
        }
    }

    [Fact]
    public void Features_that_are_no_numbers_give_no_label()
    {
        IDataView data = Example.View(_ml, Example.Draw(10));
        using EarlyReadoutTransformer model = new RandomClassifier().Fit(data);
        IDataView scored = model.Transform(_ml.Data.LoadFromEnumerable([new Example { Features = [float.NaN, 0, 0, 0] }]));
        Assert.All(scored.GetColumn<float[]>("Score").Single(), score => Assert.True(float.IsNaN(score)));
        Assert.Equal(0u, scored.GetColumn<uint>("PredictedLabel").Single());
        using TransformerChain<ITransformer> stock = Reload(model, data.Schema);
        Assert.Equal(0u, stock.Transform(_ml.Data.LoadFromEnumerable([new Example { Features = [float.NaN, 0, 0, 0] }]))
            .GetColumn<uint>("PredictedLabel")
            .Single());
    }

    [Fact]
    public void A_row_of_another_length_than_its_column_says_is_named_by_its_number()
    {
        using EarlyReadoutTransformer model = new RandomClassifier().Fit(Example.View(_ml, Example.Draw(10)));
        Example[] rows = Example.Draw(10);
        rows[7].Features = [1, 2, 3];
        IDataView scored = model.Transform(_ml.Data.LoadFromEnumerable(rows));
        Assert.Equal(
            "Column 'Features', row 7 (counted from 0 in the data view) has 3 numbers; expected 4, as the column's type says.",
            Assert.Throws<InvalidDataException>(() => scored.GetColumn<float[]>("Score").Count()).Message);
    }

    [Fact]
    public void An_empty_view_has_no_scores()
    {
        IDataView data = Example.View(_ml, Example.Draw(10));
        using EarlyReadoutTransformer model = new RandomClassifier().Fit(data);
        Assert.Empty(model.Transform(_ml.Data.LoadFromEnumerable<Example>([])).GetColumn<float[]>("Score"));
    }

    [Fact]
    public void Eight_threads_get_equal_scores()
    {
        IDataView data = Example.View(_ml, Example.Draw(3000));
        using EarlyReadoutTransformer model = new RandomClassifier().Fit(data);
        Prediction[] expected = Read(model.Transform(data));
        var results = new Prediction[8][];
        Thread[] threads = [.. Enumerable.Range(0, 8).Select(i => new Thread(() => results[i] = Read(model.Transform(data))))];
        foreach (Thread thread in threads) thread.Start();
        foreach (Thread thread in threads) thread.Join();
        foreach (Prediction[] result in results) AssertSameScores(expected, result, 0);
    }

    [Fact]
    public void A_missing_or_mistyped_feature_column_is_named()
    {
        IDataView data = Example.View(_ml, Example.Draw(10));
        using EarlyReadoutTransformer model = new RandomClassifier().Fit(data);
        var missing = Assert.Throws<ArgumentOutOfRangeException>(
            () => model.Transform(_ml.Transforms.DropColumns("Features").Fit(data).Transform(data)));
        Assert.Contains("Could not find feature column 'Features'", missing.Message, StringComparison.Ordinal);
        var mistyped = Assert.Throws<ArgumentOutOfRangeException>(
            () => model.Transform(_ml.Transforms.Concatenate("Features", "Features", "Features").Fit(data).Transform(data)));
        Assert.Contains("expected Vector<Single, 4>, got Vector<Single, 8>", mistyped.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_disposed_transformer_says_so()
    {
        IDataView data = Example.View(_ml, Example.Draw(10));
        EarlyReadoutTransformer model = new RandomClassifier().Fit(data);
        IDataView scored = model.Transform(data);
        model.Dispose();
        model.Dispose();
        Assert.Throws<ObjectDisposedException>(() => model.Transform(data));
        Assert.Throws<ObjectDisposedException>(() => model.SaveAsOnnx(Stream.Null));
        Assert.Throws<ObjectDisposedException>(() => _ml.Model.Save(model, data.Schema, Stream.Null));
        Assert.Throws<ObjectDisposedException>(() => scored.GetColumn<float[]>("Score").ToArray());
    }

    internal static string[] Describe(DataViewSchema schema) =>
        [.. schema.Select(
            column => $"{column.Name}: {column.Type}{(column.IsHidden ? " hidden" : "")}; "
                + $"{string.Join(", ", column.Annotations.Schema.Select(a => $"{a.Name} {a.Type} {Value(column.Annotations, a)}"))}")];

    internal static Prediction[] Read(IDataView view) =>
        [.. new MLContext().Data.CreateEnumerable<Prediction>(view, reuseRowObject: false)];

    internal static void AssertSameScores(Prediction[] expected, Prediction[] actual, float tolerance = 1e-6f)
    {
        Assert.Equal(expected.Length, actual.Length);
        Assert.NotEmpty(expected);
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.Equal(expected[i].Score.Length, actual[i].Score.Length);
            float worst = expected[i].Score.Zip(actual[i].Score, (a, b) => Math.Abs(a - b)).Max();
            Assert.True(worst <= tolerance, $"Row {i}: scores differ by {worst}.");
            Assert.Equal(expected[i].Predicted, actual[i].Predicted);
        }
    }

    /// <summary>The stock transformers that a model is saved as. Dispose them: until then a copy of the graph is in the temporary
    /// folder.</summary>
    internal static TransformerChain<ITransformer> Reload(ITransformer model, DataViewSchema schema)
    {
        var ml = new MLContext();
        using var stream = new MemoryStream();
        ml.Model.Save(model, schema, stream);
        stream.Position = 0;
        return (TransformerChain<ITransformer>)ml.Model.Load(stream, out _);
    }

    private static string Value(DataViewSchema.Annotations annotations, DataViewSchema.Column column)
    {
        switch (column.Type)
        {
            case VectorDataViewType { ItemType: TextDataViewType }:
                VBuffer<ReadOnlyMemory<char>> names = default;
                annotations.GetValue(column.Name, ref names);
                return string.Join("|", names.DenseValues());
            case VectorDataViewType vector when vector.ItemType == NumberDataViewType.Int32:
                VBuffer<int> numbers = default;
                annotations.GetValue(column.Name, ref numbers);
                return string.Join("|", numbers.DenseValues());
            case TextDataViewType:
                ReadOnlyMemory<char> text = default;
                annotations.GetValue(column.Name, ref text);
                return text.ToString();
            default:
                return "";
        }
    }

    private sealed class Counted
    {
        [VectorType(4)]
        public float[] Features { get; set; } = [];
    }

    private sealed class ScoredCounted
    {
        public float[] Features { get; set; } = [];

        public float[] Score { get; set; } = [];

        [ColumnName("PredictedLabel")]
        public uint Predicted { get; set; }
    }

    private sealed class SparseRow
    {
        public VBuffer<float> Features { get; set; }
    }
}
