using System.Collections.Concurrent;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.OnnxRuntime;

namespace MLSieve.Tests;

/// <summary>SimKD and DeTT as released: the student matches the teacher's feature maps.</summary>
public sealed class FeatureMapTeacherTests : IDisposable
{
    private readonly MLContext _ml = new(seed: 1);
    private readonly ConcurrentQueue<string> _log = new();
    private readonly string _folder = Directory.CreateTempSubdirectory("teacher").FullName;

    public FeatureMapTeacherTests() => _ml.Log += (_, entry) => _log.Enqueue(entry.RawMessage);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(DistillationMethod.SimKD, 1, 1, "(8, 4, 4), are matched with the teacher's, (8, 4, 4)")]
    [InlineData(DistillationMethod.SimKD, 2, 1, "(8, 4, 4), are matched with the teacher's, (8, 2, 2)")]
    [InlineData(DistillationMethod.DeTT, 1, 2, "(8, 2, 2), are matched with the teacher's, (8, 4, 4)")]
    public void A_student_takes_over_the_maps_of_a_teachers_file_whatever_their_size(
        DistillationMethod method, int teacherStages, int studentStages, string maps)
    {
        IDataView train = Picture.View(_ml, 200);
        string path = TeacherFile(train, teacherStages);
        DebiasedDistillationTrainer.Options options = Options(method, studentStages);
        (options.Teacher.OnnxPath, options.Teacher.FeatureColumnName) = (path, "FeatureMaps");
        // the parity check compares the new head with its nodes
        using EarlyReadoutTransformer student = _ml.MulticlassClassification.Trainers.DebiasedDistillation(options).Fit(train);
        Assert.Contains(_log, line => line.Contains("The student's feature maps, " + maps, StringComparison.Ordinal));
        Assert.InRange(_ml.MulticlassClassification.Evaluate(student.Transform(Picture.View(_ml, 200, seed: 2))).MicroAccuracy, 0.95, 1);
        Assert.True(student.HasActivationMaps);
    }

    [Fact]
    public void The_means_of_a_files_feature_maps_are_its_embedding()
    {
        IDataView train = SideRow.View(_ml, 40, seed: 1);
        using var teacher = _ml.Transforms.ApplyOnnxModel(["FeatureMaps", "Embedding"], ["Pixels"], TeacherFile(train, 1)).Fit(train);
        IDataView both = teacher.Transform(train);
        Assert.Equal([1, 8, 6, 6], ((VectorDataViewType)both.Schema["FeatureMaps"].Type).Dimensions);
        foreach ((float[] maps, float[] embedding) in both.GetColumn<float[]>("FeatureMaps").Zip(both.GetColumn<float[]>("Embedding")))
            for (int c = 0; c < 8; c++) Assert.Equal(embedding[c], maps.AsSpan(c * 36, 36).ToArray().Average(), 1e-4f);
    }

    [Fact]
    public void Augmented_images_are_matched_with_their_own_maps_and_vectors_are_matched_as_such()
    {
        IDataView train = SideRow.View(_ml, 60, seed: 1);
        DebiasedDistillationTrainer.Options options = Options(DistillationMethod.SimKD, 1);
        (options.Teacher.OnnxPath, options.Teacher.FeatureColumnName, options.Epochs) = (TeacherFile(train, 1), "FeatureMaps", 2);
        options.Augmentation.HorizontalFlip = true;
        _ml.MulticlassClassification.Trainers.DebiasedDistillation(options).Fit(train).Dispose();
        Assert.Contains(
            _log, line => line.Contains("feature maps, (8, 6, 6), are matched with the teacher's, (8, 6, 6)", StringComparison.Ordinal));
        Assert.Contains(_log, line => line.Contains("it scores every batch as augmentation leaves it", StringComparison.Ordinal));

        options.Teacher.FeatureColumnName = "Embedding";
        _ml.MulticlassClassification.Trainers.DebiasedDistillation(options).Fit(train).Dispose();
        Assert.Contains(_log, line => line.Contains("(8), as vectors: the released code matches maps", StringComparison.Ordinal));
    }

    [Fact]
    public void The_graph_that_scores_has_none_of_the_maps_that_the_exported_one_has()
    {
        using EarlyReadoutTransformer model = _ml.Transforms.EarlyReadout(new EarlyReadoutEstimator.Options
        {
            FeatureColumnName = "Pixels",
            Network = { Kind = NetworkKind.ConvNet, Channels = [4] },
            Epochs = 1,
        }).Fit(SideRow.View(_ml, 40, seed: 1));
        using var whole = new InferenceSession(model.Graph.Bytes);
        using var scoring = new InferenceSession(model.Graph.WithoutMaps());
        Assert.Equal(["ActivationMaps", "FeatureMaps"], whole.OutputNames.Except(scoring.OutputNames).Order());
    }

    private string TeacherFile(IDataView train, int stages)
    {
        string path = Path.Combine(_folder, "teacher.onnx");
        using EarlyReadoutTransformer teacher = _ml.Transforms.EarlyReadout(new EarlyReadoutEstimator.Options
        {
            FeatureColumnName = "Pixels",
            Taps = [],
            Network = { Kind = NetworkKind.ConvNet, Channels = [.. Enumerable.Repeat(8, stages)] },
            Epochs = 8,
            Optimizer = { LearningRate = 0.05 },
            Seed = 5,
        }).Fit(train);
        teacher.SaveAsOnnx(path);
        return path;
    }

    private static DebiasedDistillationTrainer.Options Options(DistillationMethod method, int stages) => new()
    {
        FeatureColumnName = "Pixels",
        Method = method,
        Network = { Kind = NetworkKind.ConvNet, Channels = [.. Enumerable.Repeat(8, stages)] },
        Epochs = 12,
        Optimizer = { LearningRate = 0.05 },
        Seed = 3,
    };
}
