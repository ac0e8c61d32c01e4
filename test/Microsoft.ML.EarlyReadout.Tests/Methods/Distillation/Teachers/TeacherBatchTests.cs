using System.Collections.Concurrent;
using Google.Protobuf;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.EarlyReadout.OnnxProto;
using TorchSharp;
using static TorchSharp.torch;

namespace MLSieve.Tests;

/// <summary>A teacher from a file scores rows in batches, through one session.</summary>
public sealed class TeacherBatchTests : IDisposable
{
    private const int Count = 150; // two batches of 64, and a rest
    private readonly MLContext _ml = new(seed: 1);
    private readonly string _file = Path.GetTempFileName();
    private readonly IDataView _rows;

    public TeacherBatchTests()
    {
        var random = new Random(1);
        _rows = Rows.View(3, [.. Enumerable.Range(0, Count).Select(row =>
            (new[] { random.NextSingle(), random.NextSingle(), row }, $"class {row % 2}", $"place {row}"))]);
    }

    public void Dispose() => File.Delete(_file);

    [Fact]
    public void Rows_are_read_a_batch_ahead_and_come_in_their_order()
    {
        Write();
        long read = 0;
        var view = new CountingView(_rows, row => read = row + 1);
        using Teacher teacher = Prepare();
        IDataView taught = teacher.Apply(view);
        using (DataViewRowCursor cursor = taught.GetRowCursor(taught.Schema))
        {
            ValueGetter<VBuffer<float>> scores = cursor.GetGetter<VBuffer<float>>(taught.Schema["TeacherScore"]);
            ValueGetter<VBuffer<float>> features = cursor.GetGetter<VBuffer<float>>(taught.Schema["Features"]);
            ValueGetter<ReadOnlyMemory<char>> place = cursor.GetGetter<ReadOnlyMemory<char>>(taught.Schema["Place"]);
            (VBuffer<float> q, VBuffer<float> x, ReadOnlyMemory<char> text) = (default, default, default);
            List<long> reads = [];
            for (int row = 0; row < Count; row++)
            {
                Assert.True(cursor.MoveNext());
                Assert.Equal(row, cursor.Position);
                scores(ref q);
                features(ref x);
                place(ref text);
                Assert.Equal($"place {row}", text.ToString());
                Assert.Equal(Expected(x.GetValues()), q.GetValues().ToArray());
                reads.Add(read);
            }

            Assert.False(cursor.MoveNext());
            Assert.Equal([64, 128, Count], reads.Distinct());
        }

        Assert.Equal(1, view.DisposedCursors);
    }

    [Fact]
    public void A_file_for_one_row_at_a_time_is_run_row_by_row()
    {
        Write(oneRow: true);
        using Teacher teacher = Prepare();
        float[][] scores = [.. teacher.Apply(_rows).GetColumn<float[]>("TeacherScore")];
        Assert.Equal(_rows.GetColumn<float[]>("Features").Select(row => Expected(row)), scores);
    }

    /// <summary>It promises any number of rows, and its reshape holds it to one.</summary>
    [Fact]
    public void A_file_that_fails_on_a_batch_is_run_row_by_row()
    {
        Write(reshape: true);
        using Teacher teacher = Prepare();
        float[][] scores = [.. teacher.Apply(_rows).GetColumn<float[]>("TeacherScore")];
        Assert.Equal(_rows.GetColumn<float[]>("Features").Select(row => Expected(row)), scores);
    }

    /// <summary>Each gives as many numbers as a file that may be believed.</summary>
    [Theory]
    [InlineData("Softmax", "axis", 0)] // over the rows instead of over the classes
    [InlineData("LpNormalization", "axis", 0)]
    [InlineData("CumSum", "", 0)]
    public void A_file_that_mixes_the_rows_of_a_batch_is_run_row_by_row(string type, string attribute, int axis)
    {
        Write(node: (graph, scores) => attribute.Length > 0
            ? graph.Node(type, [scores], (attribute, axis))
            : graph.Node(type, [scores, graph.Constant("axis", [(long)axis], 1)]));
        using Teacher teacher = Prepare();
        float[][] together = [.. teacher.Apply(_rows).GetColumn<float[]>("TeacherScore")];
        IEnumerable<float[]> alone = Enumerable.Range(0, Count).SelectMany(row =>
            teacher.Apply(_ml.Data.TakeRows(row == 0 ? _rows : _ml.Data.SkipRows(_rows, row), 1)).GetColumn<float[]>("TeacherScore"));
        Assert.Equal(alone, together);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Features_of_the_file_come_with_the_scores_and_are_those_of_each_row_alone_where_a_batch_mixes_them(bool mixes)
    {
        Write(features: (graph, x) => mixes
            ? graph.Node("CumSum", [x, graph.Constant("axis", [0L], 1)]) // over the rows: of one alone it is the row
            : x);
        TrainingColumns columns = Rows.With("Embedding", RowColumnWidth.Any);
        var options = new TeacherOptions { OnnxPath = _file, OutputName = "Score", FeatureColumnName = "Embedding" };
        using Teacher teacher = Teacher.Prepare(options, columns, _rows, () => ScoringDevice.Cpu);
        IDataView taught = teacher.Apply(_rows);
        float[][] rows = [.. _rows.GetColumn<float[]>("Features")];
        Assert.Equal(rows, taught.GetColumn<float[]>("Embedding"));
        Assert.Equal(rows.Select(row => Expected(row)), taught.GetColumn<float[]>("TeacherScore"));
    }

    [Fact]
    public void A_row_that_cannot_be_read_fails_where_it_is_asked_for()
    {
        Write();
        var rows = Enumerable.Range(0, Count).Select(row => new Ragged { Features = new float[row == 100 ? 2 : 3], Label = $"{row % 2}" });
        SchemaDefinition schema = SchemaDefinition.Create(typeof(Ragged));
        schema["Features"].ColumnType = new VectorDataViewType(NumberDataViewType.Single);
        IDataView view = Rows.Keyed(_ml.Data.LoadFromEnumerable(rows, schema));
        using Teacher teacher = Teacher.Prepare(Options(), Columns, view, () => ScoringDevice.Cpu);
        IDataView taught = teacher.Apply(view);
        using DataViewRowCursor cursor = taught.GetRowCursor(taught.Schema);
        ValueGetter<VBuffer<float>> scores = cursor.GetGetter<VBuffer<float>>(taught.Schema["TeacherScore"]);
        VBuffer<float> value = default;
        for (int row = 0; row < Count; row++)
        {
            Assert.True(cursor.MoveNext());
            if (row == 100) Assert.ThrowsAny<Exception>(() => scores(ref value));
            else scores(ref value);
        }
    }

    [Fact]
    public void A_cursor_that_cannot_be_opened_leaves_none_behind()
    {
        Write();
        var view = new CountingView(new CursorSetView(_rows, atGetter: column =>
        {
            if (column.Name == "Place") throw new TimeoutException("The disk is slow.");
        }));
        using Teacher teacher = Prepare();
        IDataView taught = teacher.Apply(view);
        Assert.Throws<TimeoutException>(() => taught.GetRowCursor(taught.Schema));
        Assert.Equal((1, 1), (view.Cursors, view.DisposedCursors));
    }

    [Theory(Skip = "One processor asks by one thread.", SkipWhen = nameof(HasOneProcessor))]
    [InlineData("Image")]
    [InlineData("Pixels")]
    public void A_model_of_ML_NET_is_asked_by_several_threads_and_rows_keep_their_order(string feature)
    {
        using var folder = new ImageFolder(40);
        for (int row = 40; row < 1000; row++) folder.Repeat(row * 7 % 40);
        IDataView view = folder.Pixels();
        var threads = new ConcurrentDictionary<int, bool>();
        ITransformer model = _ml.Transforms.CustomMapping<Seen, Said>(
            (seen, said) =>
            {
                threads[Environment.CurrentManagedThreadId] = true;
                said.Score = [seen.Pixels[0], seen.Pixels[80], seen.Pixels[160]]; // a pixel's red, green and blue
            }, null).Fit(view);
        var scores = new RowColumn("Teacher", "TeacherScore", "score", RowColumnWidth.OnePerClass) { Advice = "Give another." };
        var columns = new TrainingColumns(feature, "Label") { Others = [scores] };
        using Teacher teacher = Teacher.Prepare(new TeacherOptions { Model = model }, columns, view, () => ScoringDevice.Cpu);
        using TrainingSet set = Rows.Read(teacher.Apply(view), columns);
        Assert.InRange(threads.Count, 2, int.MaxValue);

        NativeBackend.EnsureLoaded();
        using DisposeScope scope = NewDisposeScope();
        float[] expected = [.. view.GetColumn<float[]>("Pixels").SelectMany(row => new[] { row[0], row[80], row[160] })];
        long[] all = [.. Enumerable.Range(0, 1000).Select(row => (long)row)];
        Assert.Equal(expected, set.Columns["TeacherScore"].Gather(all, CPU).to(float32).data<float>().ToArray());
    }

    public static bool HasOneProcessor => Environment.ProcessorCount == 1;

    private static TrainingColumns Columns => new("Features", "Label");

    private static float[] Expected(ReadOnlySpan<float> features) => [features[0] + features[2], features[1] - features[2]];

    private Teacher Prepare() => Teacher.Prepare(Options(), Columns, _rows, () => ScoringDevice.Cpu);

    private TeacherOptions Options() => new() { OnnxPath = _file, OutputName = "Score" };

    /// <summary>(B, 3) times a matrix: sums and differences that float32 holds exactly in any order.</summary>
    private void Write(
        bool oneRow = false, bool reshape = false, Func<OnnxGraph, string, string>? node = null,
        Func<OnnxGraph, string, string>? features = null)
    {
        var graph = new OnnxGraph("teacher");
        string x = graph.Input("Features", 3);
        string scores = graph.Node("MatMul", [x, graph.Constant("weight", [1f, 0f, 0f, 1f, 1f, -1f], 3, 2)]);
        if (reshape) scores = graph.Node("Reshape", [scores, graph.Constant("one", [1L, 2L], 2)]);
        if (node is not null) scores = node(graph, scores);
        graph.Output(scores, "Score", 2);
        if (features is not null) graph.Output(features(graph, x), "Embedding", 3);
        ModelProto model = ModelProto.Parser.ParseFrom(graph.ToBytes());
        if (oneRow) model.Graph.Input[0].Type.TensorType.Shape.Dim[0].DimValue = 1;
        File.WriteAllBytes(_file, model.ToByteArray());
    }

    private sealed class Seen
    {
        [VectorType(3, ImageFolder.Height, ImageFolder.Width)]
        public float[] Pixels { get; set; } = [];
    }

    private sealed class Said
    {
        [VectorType(3)]
        public float[] Score { get; set; } = [];
    }

    private sealed class Ragged
    {
        public float[] Features { get; set; } = [];

        public string Label { get; set; } = "";
    }
}
