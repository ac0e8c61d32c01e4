using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

/// <summary>Who teaches by being run on the training rows: a fitted model, or an ONNX file.</summary>
public sealed class TeacherTests : IDisposable
{
    private readonly MLContext _ml = new(seed: 1);
    private readonly string _folder = Directory.CreateTempSubdirectory("teacher").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_teacher_that_writes_over_the_students_columns_leaves_the_students_alone()
    {
        BiasedRow[] rows = BiasedRow.Draw(200);
        ITransformer teacher = Normalising().Fit(BiasedRow.View(_ml, rows));
        float[][] scores = [.. teacher.Transform(BiasedRow.View(_ml, rows)).GetColumn<float[]>("Score")];
        float[] byModel = Scores(Options(options => options.Teacher.Model = teacher), rows);
        foreach ((int i, BiasedRow row) in rows.Index()) row.TeacherScore = scores[i];
        Assert.Equal(Scores(Options(), rows), byModel);
    }

    [Fact]
    public void A_teacher_that_drops_what_the_student_reads_is_told_apart()
    {
        IDataView train = BiasedRow.View(_ml);
        ITransformer teacher = Normalising().Append(_ml.Transforms.SelectColumns("Score", "Label")).Fit(train);
        var error = Assert.Throws<ArgumentOutOfRangeException>(() => Fit(Options(options => options.Teacher.Model = teacher), train));
        Assert.Contains("The teacher keeps only some columns, and not 'Features'", error.Message, StringComparison.Ordinal);
        error = Assert.Throws<ArgumentOutOfRangeException>(
            () => Fit(Options(options => (options.Teacher.Model, options.Teacher.OutputName) = (teacher, "Nowhere")), train));
        Assert.Equal("The teacher adds no column 'Nowhere' (Teacher.OutputName).", error.Message);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_teacher_that_drops_the_example_weights_or_writes_over_them_leaves_the_students_alone(bool drops)
    {
        BiasedRow[] rows = BiasedRow.Draw(200);
        IEstimator<ITransformer> change = drops
            ? _ml.Transforms.DropColumns("Weight")
            : _ml.Transforms.Expression("Weight", "weight => 40f - weight", "Weight");
        IDataView train = Weighted();
        ITransformer teacher = Normalising().Append(change).Fit(train);
        float[][] scores = [.. teacher.Transform(train).GetColumn<float[]>("Score")];
        float[] byModel = Scores(Student(teacher), train);
        foreach ((int i, BiasedRow row) in rows.Index()) row.TeacherScore = scores[i];
        Assert.Equal(Scores(Student(null), Weighted()), byModel);

        IDataView Weighted()
        {
            IDataView view = BiasedRow.View(_ml, rows);
            return _ml.Transforms.Conversion.ConvertType("Weight", nameof(BiasedRow.Number), DataKind.Single).Fit(view).Transform(view);
        }

        static DebiasedDistillationTrainer.Options Student(ITransformer? model) =>
            Options(options => (options.Teacher.Model, options.ExampleWeightColumnName) = (model, "Weight"));
    }

    [Theory]
    [InlineData("Features")]
    [InlineData("Label")]
    [InlineData("Cue")]
    public void A_column_that_the_student_lacks_is_named_though_the_teacher_is_a_model_and_no_column_of_ours_is(string column)
    {
        IDataView train = BiasedRow.View(_ml);
        DebiasedDistillationTrainer.Options options = Options(options =>
        {
            options.Teacher.Model = Normalising().Fit(train);
            options.GroupColumnName = "Cue";
        });
        IDataView lacking = _ml.Transforms.DropColumns(column).Fit(train).Transform(train);
        string message = Assert.Throws<ArgumentOutOfRangeException>(() => Fit(options, lacking)).Message;
        Assert.Contains($"'{column}' is not in the data, which has", message, StringComparison.Ordinal);
        Assert.DoesNotContain("EarlyReadout.", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_teacher_may_bring_the_features_that_its_last_layer_reads()
    {
        BiasedRow[] rows = BiasedRow.Draw(400);
        IDataView train = BiasedRow.View(_ml, rows);
        using (EarlyReadoutTransformer large = _ml.Transforms.EarlyReadout(
            new EarlyReadoutEstimator.Options { Taps = [], Epochs = 10, Optimizer = { LearningRate = 0.1 } }).Fit(train))
            large.SaveAsOnnx(File("large.onnx"));
        using var teacher = _ml.Transforms.ApplyOnnxModel(["Score", "Embedding"], ["Features"], File("large.onnx")).Fit(train);
        DebiasedDistillationTrainer.Options options = Options(options =>
        {
            options.Method = DistillationMethod.SimKD;
            options.Teacher.Model = teacher;
            options.Teacher.FeatureColumnName = "Embedding";
            (options.Epochs, options.Optimizer.LearningRate) = (20, 0.1);
        });
        Assert.Contains(
            _ml.MulticlassClassification.Trainers.DebiasedDistillation(options).GetOutputSchema(SchemaShapes.Of(train.Schema)),
            column => column.Name == "Score");
        using EarlyReadoutTransformer student = Fit(options, train);
        Assert.InRange(_ml.MulticlassClassification.Evaluate(student.Transform(BiasedRow.View(_ml, seed: 2))).MicroAccuracy, 0.85, 1);
    }

    [Fact]
    public void The_session_that_computes_a_files_features_ends_with_the_teacher()
    {
        IDataView train = BiasedRow.View(_ml);
        SaveTeacher(train);
        DebiasedDistillationTrainer.Options options = Options(options =>
        {
            (options.Method, options.Teacher.FeatureColumnName) = (DistillationMethod.SimKD, "Embedding");
            options.Teacher.OnnxPath = File("large.onnx");
        });
        IDataView taught;
        using (Teacher teacher = Teacher.Prepare(options.Teacher, options.TrainingColumns, train, () => ScoringDevice.Cpu))
        {
            taught = teacher.Apply(train);
            Assert.Equal(400, taught.GetColumn<float[]>("Embedding").Count());
        }

        Assert.Throws<ObjectDisposedException>(() => taught.GetColumn<float[]>("Embedding").Count());
    }

    [Fact]
    public void A_file_for_other_outputs_or_other_rows_is_told_apart()
    {
        IDataView train = BiasedRow.View(_ml);
        SaveTeacher(train);
        Fails(
            "has no output 'Probabilities' (Teacher.OutputName); it has 'Logits', 'Embedding', 'Score'",
            options => options.Teacher.OutputName = "Probabilities", train);
        IDataView wide = _ml.Transforms.Concatenate("Features", "Features", "Features").Fit(train).Transform(train);
        Fails("reads 4 numbers a row as 'Features'; the column has 8", _ => { }, wide);

        void Fails(string message, Action<DebiasedDistillationTrainer.Options> change, IDataView view)
        {
            Exception error = Assert.ThrowsAny<ArgumentException>(() => Fit(Options(options =>
            {
                options.Teacher.OnnxPath = File("large.onnx");
                change(options);
            }), view));
            Assert.Contains(message, error.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(nameof(BiasedRow.Class))]
    [InlineData(nameof(BiasedRow.Number))]
    public void A_teacher_whose_keys_are_in_another_order_is_matched_by_their_values(string label)
    {
        // The teacher numbers its classes as they occur, the student by value.
        BiasedRow[] rows = [.. BiasedRow.Draw(200).OrderByDescending(row => row.Number)];
        IDataView byOccurrence = _ml.Data.LoadFromEnumerable(rows);
        byOccurrence = _ml.Transforms.Conversion.MapValueToKey("Label", label).Fit(byOccurrence).Transform(byOccurrence);
        IDataView train = BiasedRow.View(_ml, rows, label);
        Assert.NotEqual(byOccurrence.GetColumn<uint>("Label"), train.GetColumn<uint>("Label"));
        ITransformer ownOrder = Normalising().Fit(byOccurrence), sameOrder = Normalising().Fit(train);
        float[] expected = Scores(Options(options => options.Teacher.Model = sameOrder), rows, label),
            actual = Scores(Options(options => options.Teacher.Model = ownOrder), rows, label);
        // L-BFGS ends a little elsewhere when the classes are permuted
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 0.02f));
    }

    [Fact]
    public void Of_many_fits_over_a_packed_view_a_model_scores_each_row_once()
    {
        var view = new CountingView(_ml.Transforms.DropColumns("TeacherScore").Fit(BiasedRow.View(_ml)).Transform(BiasedRow.View(_ml)));
        ITransformer model = Normalising().Fit(view);
        int scored = 0;
        ITransformer teacher = model.Append(_ml.Transforms.CustomMapping<ScoredRow, CountedRow>((row, counted) =>
        {
            Interlocked.Increment(ref scored);
            counted.Counted = row.Score;
        }, null).Fit(model.Transform(view)));
        byte[][] expected = [.. Enumerable.Range(0, 4).Select(setting => Model(view, setting))];
        Assert.Equal(4 * 400, scored);
        (scored, int before) = (0, view.Cursors);

        using var packed = new PackedView(view);
        Assert.Equal(expected[0], Model(packed, 0));
        Parallel.For(1, 4, setting => Assert.Equal(expected[setting], Model(packed, setting)));
        Assert.Equal(400, scored);
        Assert.Equal(before + 1, view.Cursors);

        // Another teacher's rows are others.
        using EarlyReadoutTransformer other = Fit(Options(options => options.Teacher.Model = model), packed);
        Assert.Equal(400, scored);
        Assert.Equal(before + 2, view.Cursors);

        byte[] Model(IDataView train, int setting)
        {
            using EarlyReadoutTransformer student = Fit(Options(options =>
            {
                (options.Teacher.Model, options.Teacher.OutputName) = (teacher, nameof(CountedRow.Counted));
                (options.Beta, options.Seed) = (setting, setting);
            }), train);
            return ModelBytes.Of(student);
        }
    }

    [Fact]
    public void Of_many_fits_over_a_packed_view_one_runs_an_onnx_file_for_scores_and_features()
    {
        var view = new CountingView(_ml.Transforms.DropColumns("TeacherScore").Fit(BiasedRow.View(_ml)).Transform(BiasedRow.View(_ml)));
        var large = new EarlyReadoutEstimator.Options { Taps = [], Epochs = 10, Optimizer = { LearningRate = 0.1 } };
        using (EarlyReadoutTransformer model = _ml.Transforms.EarlyReadout(large).Fit(view)) model.SaveAsOnnx(File("large.onnx"));
        byte[][] expected = [.. Enumerable.Range(0, 3).Select(setting => Model(view, setting))];
        int before = view.Cursors;
        using var packed = new PackedView(view);
        Parallel.For(0, 3, setting => Assert.Equal(expected[setting], Model(packed, setting)));
        Assert.Equal(before + 1, view.Cursors);

        byte[] Model(IDataView train, int setting)
        {
            using EarlyReadoutTransformer student = Fit(Options(options =>
            {
                options.Method = DistillationMethod.SimKD;
                (options.Teacher.OnnxPath, options.Teacher.OutputName) = (File("large.onnx"), "Logits");
                options.Teacher.FeatureColumnName = "Embedding";
                options.Seed = setting;
            }), train);
            return ModelBytes.Of(student);
        }
    }

    private sealed class ScoredRow
    {
        [VectorType(4)]
        public float[] Score { get; set; } = [];
    }

    private sealed class CountedRow
    {
        [VectorType(4)]
        public float[] Counted { get; set; } = [];
    }

    private IEstimator<ITransformer> Normalising() => _ml.Transforms.NormalizeMeanVariance("Features", fixZero: false)
        .Append(_ml.MulticlassClassification.Trainers.LbfgsMaximumEntropy());

    private string File(string name) => Path.Combine(_folder, name);

    /// <summary>Trains a teacher for an epoch and saves its graph as large.onnx.</summary>
    private void SaveTeacher(IDataView train)
    {
        using EarlyReadoutTransformer large = _ml.Transforms.EarlyReadout(new EarlyReadoutEstimator.Options { Taps = [], Epochs = 1 })
            .Fit(train);
        large.SaveAsOnnx(File("large.onnx"));
    }

    private EarlyReadoutTransformer Fit(DebiasedDistillationTrainer.Options options, IDataView train) =>
        _ml.MulticlassClassification.Trainers.DebiasedDistillation(options).Fit(train);

    private float[] Scores(DebiasedDistillationTrainer.Options options, BiasedRow[] rows, string label = nameof(BiasedRow.Class)) =>
        Scores(options, BiasedRow.View(_ml, rows, label));

    private float[] Scores(DebiasedDistillationTrainer.Options options, IDataView train)
    {
        using EarlyReadoutTransformer student = Fit(options, train);
        return [.. student.Transform(train).GetColumn<float[]>("Score").SelectMany(score => score)];
    }

    private static DebiasedDistillationTrainer.Options Options(Action<DebiasedDistillationTrainer.Options>? change = null)
    {
        var options = new DebiasedDistillationTrainer.Options
        {
            Epochs = 3,
            Optimizer = { LearningRate = 0.02 },
            Readout = { Depth = 0 },
            Seed = 3,
        };
        change?.Invoke(options);
        return options;
    }
}
