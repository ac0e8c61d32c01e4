using System.Diagnostics;
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
    public void A_link_stays_and_leads_to_the_graph_that_was_saved()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Links need a privilege there.");
        using EarlyReadoutTransformer model = new RandomClassifier().Fit(Example.View(_ml, Example.Draw(50)));
        string folder = Directory.CreateTempSubdirectory("graph").FullName;
        string versions = Directory.CreateDirectory(Path.Combine(folder, "versions")).FullName;
        string[] links = [Path.Combine(folder, "model.onnx"), Path.Combine(folder, "current.onnx"), Path.Combine(folder, "next.onnx")];
        string[] targets = ["current.onnx", "versions/1.onnx", "versions/2.onnx"];
        foreach ((string link, string target) in links.Zip(targets)) File.CreateSymbolicLink(link, target);
        File.WriteAllText(Path.Combine(versions, "1.onnx"), "an older one");
        model.SaveAsOnnx(links[0]); // by way of another link
        model.SaveAsOnnx(links[2]); // to what is not there yet
        Assert.Equal(targets, links.Select(link => new FileInfo(link).LinkTarget));
        Assert.Equal(["1.onnx", "2.onnx"], Directory.EnumerateFileSystemEntries(versions).Select(Path.GetFileName).Order());
        Assert.All(Directory.EnumerateFiles(versions), file => Assert.Equal(ModelBytes.Of(model), File.ReadAllBytes(file)));
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public void What_replaces_a_file_may_be_read_by_those_who_might_read_it()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("Files have no mode there.");
            return;
        }

        using EarlyReadoutTransformer model = new RandomClassifier().Fit(Example.View(_ml, Example.Draw(50)));
        string folder = Directory.CreateTempSubdirectory("graph").FullName, path = Path.Combine(folder, "model.onnx");
        foreach (UnixFileMode others in (UnixFileMode[])[UnixFileMode.None, UnixFileMode.GroupRead | UnixFileMode.GroupWrite])
        {
            UnixFileMode mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | others;
            File.WriteAllText(path, "an older one");
            File.SetUnixFileMode(path, mode);
            model.SaveAsOnnx(path);
            Assert.Equal(mode, File.GetUnixFileMode(path));
            Assert.Equal(ModelBytes.Of(model), File.ReadAllBytes(path));
        }

        Directory.Delete(folder, recursive: true);
    }

    [Theory]
    [InlineData("../shared/m.txt", "/versions/shared/m.txt")]
    [InlineData("./2/../../m.txt", "/versions/m.txt")]
    [InlineData("other/../m.txt", "/elsewhere/m.txt")]
    [InlineData("FOLDER/current/../m.txt", "/versions/m.txt")]
    [InlineData("again.txt", "/versions/shared/m.txt")]
    public void A_link_below_a_linked_folder_leads_where_the_system_finds_it(string target, string expected)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Links need a privilege there.");
        string folder = Directory.CreateTempSubdirectory("links").FullName;
        foreach (string each in new[] { "versions/1/2", "versions/shared", "shared", "elsewhere/other" })
            Directory.CreateDirectory(Path.Combine(folder, each));
        Directory.CreateSymbolicLink(Path.Combine(folder, "current"), "versions/1");
        Directory.CreateSymbolicLink(Path.Combine(folder, "versions/1/other"), "../../elsewhere/other");
        File.CreateSymbolicLink(Path.Combine(folder, "versions/1/again.txt"), "../shared/m.txt");
        target = target.Replace("FOLDER", folder, StringComparison.Ordinal);
        string link = Path.Combine(folder, "current/m.txt");
        File.CreateSymbolicLink(link, target);
        AtomicFile.Write(link, stream => stream.Write("new"u8));
        Assert.Equal("new", File.ReadAllText(folder + expected));
        Assert.Equal("new", File.ReadAllText(link));
        Assert.Equal(target, new FileInfo(link).LinkTarget);
        Assert.Empty(Directory.EnumerateFileSystemEntries(Path.Combine(folder, "shared")));
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public void Links_that_lead_to_one_another_are_named_and_left_as_they_are()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Links need a privilege there.");
        string folder = Directory.CreateTempSubdirectory("links").FullName;
        string[] links = [Path.Combine(folder, "a"), Path.Combine(folder, "b")];
        File.CreateSymbolicLink(links[0], "b");
        File.CreateSymbolicLink(links[1], "a");
        Assert.Equal(
            $"Cannot write '{links[0]}': Too many links lead to one another.",
            Assert.Throws<IOException>(() => AtomicFile.Write(links[0], _ => { })).Message);
        Assert.Equal(links, Directory.EnumerateFileSystemEntries(folder).Order(StringComparer.Ordinal));
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task What_is_no_file_is_written_as_it_is()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "What is no file is known on Linux.");
        CancellationToken token = TestContext.Current.CancellationToken;
        using EarlyReadoutTransformer model = new RandomClassifier().Fit(Example.View(_ml, Example.Draw(50)));
        string folder = Directory.CreateTempSubdirectory("graph").FullName, pipe = Path.Combine(folder, "pipe");
        using (Process make = Process.Start("mkfifo", [pipe])) await make.WaitForExitAsync(token);
        Task<byte[]> reader = Task.Run(() => File.ReadAllBytes(pipe), token);
        model.SaveAsOnnx(pipe);
        Assert.True(LibC.IsDevice(pipe));
        Assert.Equal(ModelBytes.Of(model), await reader.WaitAsync(TimeSpan.FromMinutes(1), token));
        Assert.Equal([pipe], Directory.EnumerateFileSystemEntries(folder));
        Directory.Delete(folder, recursive: true);

        const string nowhere = "/dev/null";
        Assert.True(LibC.IsDevice(nowhere)); // where root would have made a file of it
        model.SaveAsOnnx(nowhere);
        Assert.True(LibC.IsDevice(nowhere));
        Assert.False(LibC.IsDevice(typeof(FilesTests).Assembly.Location) || LibC.IsDevice(Path.GetTempPath()));
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
        using TransformerChain<ITransformer> stock = TransformTests.Reload(model, data.Schema);
        float[][] actual = [.. stock.Transform(data).GetColumn<float[]>("P")];
        Assert.All(expected.Zip(actual), pair => Assert.All(pair.First.Zip(pair.Second), p => Assert.Equal(p.First, p.Second, 1e-6f)));
    }
}
