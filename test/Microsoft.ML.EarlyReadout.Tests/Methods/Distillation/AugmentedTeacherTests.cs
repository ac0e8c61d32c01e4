using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

/// <summary>Augmentation with a teacher: the teacher scores what the student sees.</summary>
public sealed class AugmentedTeacherTests
{
    private readonly MLContext _ml = new(seed: 1);

    public static TheoryData<string> Columns => ["Pixels", "Image"];

    [Theory]
    [MemberData(nameof(Columns))]
    public void A_student_learns_what_mirroring_turns_round_because_the_teacher_sees_it_mirrored(string column)
    {
        // The class is the bright side, so half of all mirrored images would be taught the wrong way round by scores of the images as they
        // are.
        IDataView train = SideRow.View(_ml, 120, seed: 1), test = SideRow.View(_ml, 120, seed: 2);
        using EarlyReadoutTransformer teacher = Teacher(column, train);
        // any pipeline that ends in scores
        ITransformer chain = new TransformerChain<ITransformer>(_ml.Transforms.CopyColumns("Copy", column).Fit(train), teacher);
        DebiasedDistillationTrainer.Options options = Options(column);
        (options.Teacher.Model, options.Lambda, options.Augmentation.HorizontalFlip) = (chain, 1, true);
        using (EarlyReadoutTransformer student = Fit(options, train)) Assert.InRange(Accuracy(student, test), 0.95, 1);

        options.Teacher.Model = null;
        options.Augmentation.HorizontalFlip = false;
        string path = Path.Combine(Path.GetTempPath(), $"teacher-{Guid.NewGuid():N}.onnx");
        teacher.SaveAsOnnx(path);
        try
        {
            if (column == "Image") return; // a file reads numbers
            (options.Teacher.OnnxPath, options.Augmentation.HorizontalFlip) = (path, true);
            using EarlyReadoutTransformer student = Fit(options, train);
            Assert.InRange(Accuracy(student, test), 0.95, 1);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void Features_to_match_are_those_of_the_mirrored_image()
    {
        IDataView train = SideRow.View(_ml, 200, seed: 1);
        string path = Path.Combine(Path.GetTempPath(), $"teacher-{Guid.NewGuid():N}.onnx");
        using (EarlyReadoutTransformer teacher = Teacher("Pixels", train)) teacher.SaveAsOnnx(path);
        try
        {
            DebiasedDistillationTrainer.Options options = Options("Pixels");
            options.Method = DistillationMethod.SimKD;
            using var scorer = _ml.Transforms.ApplyOnnxModel(["Score", "Embedding"], ["Pixels"], path).Fit(train);
            options.Teacher.Model = scorer;
            (options.Teacher.FeatureColumnName, options.Augmentation.HorizontalFlip, options.Epochs) = ("Embedding", true, 20);
            using EarlyReadoutTransformer student = Fit(options, train);
            Assert.InRange(Accuracy(student, SideRow.View(_ml, 200, seed: 2)), 0.95, 1);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Theory]
    [MemberData(nameof(Columns))]
    public void A_batch_looks_to_the_teacher_as_the_view_does(string column)
    {
        NativeBackend.EnsureLoaded();
        IDataView train = SideRow.View(_ml, 20, seed: 1);
        using EarlyReadoutTransformer teacher = Teacher(column, train);
        using TrainingSet set = Rows.Read(train, new TrainingColumns(column, "Label"));
        using Batch batch = set.Gather([.. Enumerable.Range(0, 20).Select(row => (long)row)], TorchSharp.torch.CPU);
        var view = new BatchView(train.Schema, train.Schema[column], set.Shape, batch.Features);
        Assert.Equal([.. teacher.Transform(train).GetColumn<float[]>("Score")], teacher.Transform(view).GetColumn<float[]>("Score"));
        Assert.Contains(
            "it reads 'Label' too", Assert.Throws<ArgumentException>(() => view.GetRowCursor([train.Schema["Label"]])).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Scores_in_the_data_are_refused_where_images_are_changed_and_serve_where_nothing_is()
    {
        IDataView train = SideRow.View(_ml, 60, seed: 1);
        DebiasedDistillationTrainer.Options options = Options("Pixels");
        (options.Epochs, options.Augmentation.CropPadding) = (1, 2);
        string message = Assert.Throws<ArgumentException>(() => Fit(options, train)).Message;
        Assert.Contains("column 'TeacherScore' has the teacher's scores of the images as they are", message, StringComparison.Ordinal);
        Assert.Contains("switch Augmentation off", message, StringComparison.Ordinal);

        options.Augmentation.CropPadding = 0;
        Fit(options, train).Dispose();
    }

    [Fact]
    public void A_teacher_that_reads_another_column_too_is_refused_before_the_first_step()
    {
        IDataView train = SideRow.View(_ml, 60, seed: 1);
        ITransformer teacher = _ml.Transforms.Concatenate("Both", "Flat", "Hint")
            .Append(_ml.MulticlassClassification.Trainers.LbfgsMaximumEntropy("Label", "Both"))
            .Fit(train);
        DebiasedDistillationTrainer.Options options = Options("Pixels");
        (options.Teacher.Model, options.Epochs) = (teacher, 1);
        Fit(options, train).Dispose();
        options.Augmentation.HorizontalFlip = true;
        Assert.Contains(
            "can read the column 'Pixels' alone; it reads 'Flat' too", Assert.Throws<ArgumentException>(() => Fit(options, train)).Message,
            StringComparison.Ordinal);
    }

    private EarlyReadoutTransformer Teacher(string column, IDataView train) => _ml.Transforms.EarlyReadout(new EarlyReadoutEstimator.Options
    {
        FeatureColumnName = column,
        Taps = [],
        Network = { Kind = NetworkKind.ConvNet, Channels = [8] },
        Epochs = 8,
        Optimizer = { LearningRate = 0.05 },
        Schedule = { Kind = ScheduleKind.Constant },
        Seed = 5,
    }).Fit(train);

    private EarlyReadoutTransformer Fit(DebiasedDistillationTrainer.Options options, IDataView train) =>
        _ml.MulticlassClassification.Trainers.DebiasedDistillation(options).Fit(train);

    private double Accuracy(EarlyReadoutTransformer student, IDataView test) =>
        _ml.MulticlassClassification.Evaluate(student.Transform(test)).MicroAccuracy;

    private static DebiasedDistillationTrainer.Options Options(string column) => new()
    {
        FeatureColumnName = column,
        Method = DistillationMethod.Plain,
        Epochs = 10,
        Optimizer = { LearningRate = 0.05 },
        Schedule = { Kind = ScheduleKind.Constant },
        Seed = 3,
    };
}
