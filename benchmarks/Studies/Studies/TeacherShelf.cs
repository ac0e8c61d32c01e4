using Microsoft.ML;
using Microsoft.ML.EarlyReadout;

namespace Studies;

/// <summary>Trains each teacher once and keeps its graph beside the runs.</summary>
/// <param name="folder">The folder of the runs.</param>
/// <param name="rows">What sets the training rows apart from those of the same seed in the study's own form; empty there.</param>
internal sealed class TeacherShelf(string folder, string rows)
{
    private readonly Lazy<string> _folder = new(() => Directory.CreateDirectory(Path.Combine(folder, "teachers")).FullName);

    /// <summary>Trains a teacher and keeps its graph.</summary>
    public EarlyReadoutTransformer Get(Training training, EarlyReadoutEstimator.Options options)
    {
        EarlyReadoutTransformer teacher = training.Ml.Transforms.EarlyReadout(options).Fit(training.Data.Train);
        teacher.SaveAsOnnx(PathOf(training, options));
        return teacher;
    }

    /// <summary>The training rows with the teacher's probabilities, TeacherScore, and its last feature maps, FeatureMaps.</summary>
    public IDataView Teach(Training training, EarlyReadoutEstimator.Options options)
    {
        string path = PathOf(training, options);
        if (!File.Exists(path)) Get(training, options).Dispose();
        IDataView taught = training.Ml.Transforms.ApplyOnnxModel(["Score", "FeatureMaps"], [options.FeatureColumnName], path).Fit(training.Data.Train).Transform(training.Data.Train);
        return training.Ml.Transforms.CopyColumns("TeacherScore", "Score").Fit(taught).Transform(taught);
    }

    private string PathOf(Training training, EarlyReadoutEstimator.Options options) =>
        Path.Combine(_folder.Value, FormattableString.Invariant($"{options.Objective.Kind}-epochs{options.Epochs}-seed{training.Seed}{rows}.onnx"));
}
