using System.Text.Json;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

/// <summary>Teachers from <c>.onnx</c> files of other makers, against the probabilities that scikit-learn gives the same rows.</summary>
public sealed class ForeignTeacherTests
{
    private readonly MLContext _ml = new(seed: 1);
    private readonly float[][] _rows;
    private readonly float[][] _expected; // by quarter

    public ForeignTeacherTests()
    {
        using JsonDocument golden = Golden.Json("teachers/teachers.json");
        _rows = Read("rows");
        _expected = Read("probabilities");

        float[][] Read(string name) =>
            [.. golden.RootElement.GetProperty(name)
                .EnumerateArray()
                .Select(row => row.EnumerateArray().Select(number => number.GetSingle()).ToArray())];
    }

    [Theory]
    [InlineData("float16", "Score", 2e-3)]
    [InlineData("bfloat16", "Score", 2e-2)]
    [InlineData("double", "Score", 1e-6)]
    [InlineData("no_shape", "Score", 1e-6)]
    [InlineData("symbolic", "Score", 1e-6)]
    [InlineData("zipmap_text", "output_probability", 1e-6)]
    [InlineData("zipmap_numbers", "output_probability", 1e-6)]
    public void A_file_of_another_maker_teaches_what_its_maker_says(string file, string output, double tolerance)
    {
        using Teacher teacher = Prepare(file, output, View());
        IDataView taught = teacher.Apply(View());
        Assert.All(
            taught.GetColumn<float[]>("TeacherScore").Zip(_expected),
            row => Assert.All(row.First.Zip(row.Second), score => Assert.Equal(score.Second, score.First, tolerance)));
        Assert.Equal(
            ["Features", "Class", "Label", "TeacherScore"], taught.Schema.Where(column => !column.IsHidden).Select(column => column.Name));
    }

    [Theory]
    [InlineData("zipmap_text", "output_probability", "quarter 0, quarter 1, quarter 2, quarter 3")]
    [InlineData("zipmap_numbers", "output_probability", null)] // the places of classes that are texts here
    [InlineData("mlnet", "Score", "quarter 3, quarter 1, quarter 0, quarter 2")]
    [InlineData("float16", "Score", null)]
    public void The_classes_that_a_file_names_are_the_slots(string file, string output, string? classes)
    {
        using Teacher teacher = Prepare(file, output, View());
        IDataView taught = teacher.Apply(View());
        DataViewSchema.Column column = taught.Schema["TeacherScore"];
        Assert.Equal(classes?.Split(", "), ColumnAnnotation.Names(column, ColumnAnnotation.SlotNames));
        if (classes is null) return;
        float[][] scores = [.. taught.GetColumn<float[]>("TeacherScore")];
        int[] quarters = [.. classes.Split(", ").Select(name => name[^1] - '0')];
        Assert.All(
            scores.Zip(_expected),
            row => Assert.All(quarters.Index(), slot => Assert.Equal(row.Second[slot.Item], row.First[slot.Index], 1e-6)));
    }

    [Theory]
    [InlineData("zipmap_text", "output_probability")]
    [InlineData("double", "Score")]
    public void A_student_learns_from_it(string file, string output)
    {
        List<string> log = [];
        _ml.Log += (_, line) => log.Add(line.Message);
        // Labels in the order of their appearance, the last quarter first.
        IDataView rows = _ml.Data.LoadFromEnumerable(BiasedRow.Draw(300).OrderByDescending(row => row.Class == "quarter 3").ToArray());
        IDataView train = _ml.Transforms.Conversion.MapValueToKey("Label", nameof(BiasedRow.Class), keyOrdinality: file == "double"
            ? Microsoft.ML.Transforms.ValueToKeyMappingEstimator.KeyOrdinality.ByValue
            : Microsoft.ML.Transforms.ValueToKeyMappingEstimator.KeyOrdinality.ByOccurrence)
            .Fit(rows)
            .Transform(rows);
        using EarlyReadoutTransformer student = _ml.MulticlassClassification.Trainers.DebiasedDistillation(
            new DebiasedDistillationTrainer.Options
            {
                Teacher = { OnnxPath = File(file), OutputName = output },
                Method = DistillationMethod.Plain,
                Lambda = 1, // the labels do not help
                Epochs = 20,
                Optimizer = { LearningRate = 0.1 },
            }).Fit(train);
        Assert.InRange(_ml.MulticlassClassification.Evaluate(student.Transform(train)).MicroAccuracy, 0.8, 1);
        Assert.Contains(log, line => line.Contains($"Teacher: output '{output}' of '{File(file)}' is taken for probabilities, its classes "
            + (file == "double" ? "in the label's order" : "matched to the label's by their names"), StringComparison.Ordinal));
        Assert.DoesNotContain(log, line => line.Contains("EarlyReadout.Kept", StringComparison.Ordinal)
            || line.Contains("EarlyReadout.Converted", StringComparison.Ordinal));
    }

    [Fact]
    public void An_image_of_open_size_takes_that_of_the_column()
    {
        Fails("reads 'X' in 2 dimensions of any size, and the column 'Features' is a plain vector of 4 numbers", "image", "Score", View());
        var schema = SchemaDefinition.Create(typeof(BiasedRow));
        schema[nameof(BiasedRow.Features)].ColumnType = new VectorDataViewType(NumberDataViewType.Single, 1, 2, 2);
        IDataView rows = Keyed(
            _ml.Data.LoadFromEnumerable(_rows.Select((row, i) => new BiasedRow { Features = row, Class = $"quarter {i % 4}" }), schema));
        using Teacher teacher = Prepare("image", "Score", rows);
        IDataView taught = teacher.Apply(rows);
        Assert.All(
            taught.GetColumn<float[]>("TeacherScore").Zip(_expected),
            row => Assert.All(row.First.Zip(row.Second), score => Assert.Equal(score.Second, score.First, 1e-6f)));
    }

    [Fact]
    public void What_cannot_teach_is_named_with_file_output_and_what_was_found()
    {
        Fails(
            "output 'output_label' is String (N), as of a predicted class; expected floating-point numbers, one a class", "zipmap_text",
            "output_label", View());
        Fails("has no output 'Scores' (Teacher.OutputName); it has 'Score'.", "double", "Scores", View());
        Fails(
            "output 'Score' has 4 numbers a row; expected one for each of the 3 classes of the label column 'Label'", "no_shape", "Score",
            View(classes: 3));
        Fails(
            "output 'output_probability' has 4 numbers a row; expected one for each of the 2 classes", "zipmap_text", "output_probability",
            View(classes: 2));
        IDataView wide = _ml.Transforms.Concatenate("Features", "Features", "Features").Fit(View()).Transform(View());
        Fails("reads 4 numbers a row as 'X'; the column has 8", "double", "Score", wide);
        IDataView text = _ml.Transforms.CopyColumns("Features", "Class").Fit(View()).Transform(View());
        Fails("reads 4 numbers a row as 'X'; the column has 1", "double", "Score", text);
    }

    [Fact]
    public void A_file_that_is_no_model_is_told_apart()
    {
        string path = Path.Combine(Directory.CreateTempSubdirectory("teacher-").FullName, "teacher.onnx");
        System.IO.File.WriteAllText(path, "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 3\n");
        var options = new TeacherOptions { OnnxPath = path };
        var error = Assert.Throws<InvalidDataException>(() => Prepare(options, View()));
        Assert.StartsWith(
            $"{path} (Teacher.OnnxPath) is not an ONNX model that can be run: it is a Git LFS pointer", error.Message,
            StringComparison.Ordinal);
        Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);
    }

    [Fact]
    public void A_missing_column_is_told_by_the_users_own_names()
    {
        ITransformer teacher = _ml.MulticlassClassification.Trainers.LbfgsMaximumEntropy().Fit(BiasedRow.View(_ml, 100));
        var options = new DebiasedDistillationTrainer.Options
        {
            Epochs = 1,
            Teacher = { Model = teacher },
            FeatureColumnName = "Feature",
            Readout = { Depth = 0 },
        };
        string message = Assert.ThrowsAny<ArgumentException>(
            () => _ml.MulticlassClassification.Trainers.DebiasedDistillation(options).Fit(BiasedRow.View(_ml, 100))).Message;
        Assert.StartsWith(
            "The feature column 'Feature' is not in the data, which has 'Features', 'Class', 'Number'", message, StringComparison.Ordinal);
        Assert.DoesNotContain("EarlyReadout.", message, StringComparison.Ordinal);
        IDataView rows = BiasedRow.View(_ml, 10);
        using Teacher prepared = Prepare(new TeacherOptions { Model = teacher }, rows);
        IDataView taught = prepared.Apply(rows);
        Assert.DoesNotContain(
            taught.Schema, column => !column.IsHidden && column.Name.StartsWith("EarlyReadout.", StringComparison.Ordinal));
    }

    [Fact]
    public void A_model_of_two_classes_that_scores_one_is_told_so()
    {
        IDataView rows = View(classes: 2);
        IDataView binary = _ml.Transforms.CustomMapping<Sight, Sign>((from, to) => to.Above = from.Features[0] > 0, null)
            .Fit(rows)
            .Transform(rows);
        ITransformer teacher = _ml.BinaryClassification.Trainers.LbfgsLogisticRegression("Above").Fit(binary);
        string message = Assert.ThrowsAny<ArgumentException>(
            () => Prepare(new TeacherOptions { Model = teacher }, rows)).Message;
        Assert.Contains(
            "The teacher's column 'Score' (Teacher.OutputName) is of type Single; expected Vector<Single> with one slot for each of the 2 "
                + "classes of the label column 'Label'",
            message, StringComparison.Ordinal);
    }

    private static string File(string name) => Golden.Path(Path.Combine("teachers", name + ".onnx"));

    private static Teacher Prepare(string file, string output, IDataView rows) =>
        Prepare(new TeacherOptions { OnnxPath = File(file), OutputName = output }, rows);

    private static Teacher Prepare(TeacherOptions options, IDataView rows) =>
        Teacher.Prepare(options, new TrainingColumns("Features", "Label"), rows, () => ScoringDevice.Cpu);

    private void Fails(string message, string file, string output, IDataView rows)
    {
        string found = Assert.ThrowsAny<ArgumentException>(() => Prepare(file, output, rows)).Message;
        Assert.Contains(message, found, StringComparison.Ordinal);
        Assert.Contains($"{file}.onnx", found, StringComparison.Ordinal);
    }

    private IDataView View(int classes = 4) =>
        Keyed(_ml.Data.LoadFromEnumerable(_rows.Select((row, i) => new Plain { Features = row, Class = $"quarter {i % classes}" })));

    private IDataView Keyed(IDataView view) => _ml.Transforms.Conversion.MapValueToKey("Label", "Class").Fit(view).Transform(view);

    private sealed class Plain
    {
        [VectorType(4)]
        public float[] Features { get; set; } = [];

        public string Class { get; set; } = "";
    }

    private sealed class Sight
    {
        [VectorType(4)]
        public float[] Features { get; set; } = [];
    }

    private sealed class Sign
    {
        public bool Above { get; set; }
    }
}
