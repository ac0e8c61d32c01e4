using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.OnnxRuntime;

namespace MLSieve.Tests;

public sealed class FilesTests
{
    private readonly MLContext _ml = new(seed: 1);

    [Fact]
    public void The_graph_runs_on_its_own()
    {
        IDataView data = Example.View(_ml, Example.Draw(50));
        using EarlyReadoutTransformer model = new RandomClassifier { Score = "Probabilities" }.Fit(data);
        string path = Path.Combine(Directory.CreateTempSubdirectory("graph").FullName, "model.onnx");
        model.SaveAsOnnx(path);
        model.SaveAsOnnx(path);
        Assert.Equal([path], Directory.EnumerateFileSystemEntries(Path.GetDirectoryName(path)!));

        using var session = new InferenceSession(path);
        Assert.Equal(["Features"], session.InputMetadata.Keys);
        Assert.Equal([-1, 4], session.InputMetadata["Features"].Dimensions);
        float[] features = Example.Draw(1)[0].Features;
        using OrtValue input = OrtValue.CreateTensorValueFromMemory(features, [1, 4]);
        using var run = new RunOptions();
        using var outputs = session.Run(run, ["Features"], [input], ["Probabilities"]);
        Assert.Equal(model.Transform(data).GetColumn<float[]>("Probabilities").First(), outputs[0].GetTensorDataAsSpan<float>().ToArray());
        Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);
    }

    [Fact]
    public void One_graph_goes_from_the_pipelines_columns_to_scores()
    {
        IDataView data = Example.View(_ml, Example.Draw(50));
        using EarlyReadoutTransformer model = new RandomClassifier().Fit(data);
        byte[] prefix = ExportedPrefix.Doubling(4, opset: 12);
        string path = Path.Combine(Directory.CreateTempSubdirectory("graph").FullName, "model.onnx");
        model.SaveAsOnnx(path, prefix);
        using var joined = new MemoryStream();
        model.SaveAsOnnx(joined, prefix);
        Assert.Equal(joined.ToArray(), File.ReadAllBytes(path));

        using var session = new InferenceSession(path);
        Assert.Equal(["features"], session.InputNames);
        float[] features = Example.Draw(1)[0].Features;
        using OrtValue input = OrtValue.CreateTensorValueFromMemory([.. features.Select(x => x / 2)], [1, 4]);
        using var run = new RunOptions();
        using var outputs = session.Run(run, ["features"], [input], ["Score"]);
        Assert.Equal(model.Transform(data).GetColumn<float[]>("Score").First(), outputs[0].GetTensorDataAsSpan<float>().ToArray());
        Assert.Throws<InvalidDataException>(() => model.SaveAsOnnx(path, [1, 2, 3]));
        Assert.Equal(joined.ToArray(), File.ReadAllBytes(path));
        Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);
    }

    [Fact]
    public void A_path_that_cannot_be_written_is_named_and_leaves_nothing()
    {
        IDataView data = Example.View(_ml, Example.Draw(50));
        using EarlyReadoutTransformer model = new RandomClassifier().Fit(data);
        string folder = Directory.CreateTempSubdirectory("graph").FullName;
        Assert.Contains(folder, Assert.Throws<IOException>(() => model.SaveAsOnnx(folder)).Message, StringComparison.Ordinal);
        string missing = Path.Combine(folder, "none", "model.onnx");
        Assert.Contains(missing, Assert.Throws<IOException>(() => model.SaveAsOnnx(missing)).Message, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(folder));
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.GetDirectoryName(folder)!, Path.GetFileName(folder) + ".*.partial"));
        Directory.Delete(folder);
    }

    [Fact]
    public void A_model_of_numbers_has_no_vocabulary_to_be_saved()
    {
        using EarlyReadoutTransformer model = new RandomClassifier().Fit(Example.View(_ml, Example.Draw(50)));
        Assert.Equal(
            "The model reads column 'Features', which holds no texts: it has no vocabulary.",
            Assert.Throws<InvalidOperationException>(() => model.SaveVocabulary("vocab.txt")).Message);
    }

    [Theory]
    [InlineData("My features")]
    [InlineData("a/b:ç")]
    [InlineData("Logits")]
    [InlineData("Score")]
    public void Any_feature_column_name_works_on_both_paths(string name)
    {
        IDataView data = Example.View(_ml, Example.Draw(50));
        data = _ml.Transforms.CopyColumns(name, "Features").Fit(data).Transform(data);
        using EarlyReadoutTransformer model = new RandomClassifier { Feature = name, Score = "P", PredictedLabel = "PredictedLabel" }
            .Fit(data);
        float[][] expected = [.. model.Transform(data).GetColumn<float[]>("P")];
        float[][] actual = [.. TransformTests.Reload(model, data.Schema).Transform(data).GetColumn<float[]>("P")];
        Assert.All(expected.Zip(actual), pair => Assert.All(pair.First.Zip(pair.Second), p => Assert.Equal(p.First, p.Second, 1e-6f)));
    }
}
