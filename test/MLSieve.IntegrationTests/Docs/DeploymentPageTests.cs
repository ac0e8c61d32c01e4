using System.Text.RegularExpressions;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.OnnxRuntime;

namespace MLSieve.Tests;

/// <summary>
/// docs/deployment.md gives names and shapes to people who do not have this library: they must be those of a graph that it writes.
/// </summary>
public sealed partial class DeploymentPageTests : IDisposable
{
    private const int Side = 64;
    private const int Classes = 2;
    private readonly string _folder = Directory.CreateTempSubdirectory("deployment-").FullName;

    [Fact]
    public void A_graph_has_the_input_and_the_outputs_that_the_page_names()
    {
        using InferenceSession session = Export();
        Assert.Equal(["Pixels"], session.InputNames);
        Assert.Equal([-1, 3, Side, Side], session.InputMetadata["Pixels"].Dimensions);
        string page = Page();
        string[] named =
        [
            .. OutputRow().Matches(page).Select(row => row.Groups[1].Value.Replace("R.Score", "Readout1.Score", StringComparison.Ordinal)),
        ];
        Assert.Equal(["Score", "Logits", "Embedding", "FeatureMaps", "ActivationMaps", "Readout1.Score"], named);
        Assert.All(named, name => Assert.Contains(name, session.OutputNames));
        Assert.All(session.OutputNames.Except(named), name => Assert.Matches("HeadInput|MarginInput", name));
    }

    [Fact]
    public void The_blocks_for_csharp_and_python_ask_the_graph_for_what_it_has()
    {
        using InferenceSession session = Export();
        string page = Page();
        Assert.Contains("""session.Run(options, ["Pixels"], [input], ["Score"])""", page, StringComparison.Ordinal);
        Assert.Contains("""session.run(["Score"], {"Pixels": """, page, StringComparison.Ordinal);

        float[] pixels = [.. Enumerable.Range(0, 3 * Side * Side).Select(i => (float)(i % 256))];
        using OrtValue input = OrtValue.CreateTensorValueFromMemory(pixels, [1, 3, Side, Side]);
        using var options = new RunOptions();
        using IDisposableReadOnlyCollection<OrtValue> outputs = session.Run(options, ["Pixels"], [input], ["Score"]);
        float[] score = outputs[0].GetTensorDataAsSpan<float>().ToArray();
        Assert.Equal(Classes, score.Length);
        Assert.Equal(1, score.Sum(), 1e-5f);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static string Page() => File.ReadAllText(Path.Combine(Repository.Root, "docs/deployment.md"));

    private InferenceSession Export()
    {
        var ml = new MLContext(seed: 1);
        var random = new Random(1);
        IDataView rows = ml.Data.LoadFromEnumerable(Enumerable.Range(0, 8).Select(i => new Photo
        {
            Pixels = [.. Enumerable.Range(0, 3 * Side * Side).Select(_ => (float)random.Next(256))],
            Label = i % 2 == 0 ? "landbird" : "waterbird",
        }).ToArray());
        IDataView train = ml.Transforms.Conversion.MapValueToKey("Label").Fit(rows).Transform(rows);
        using EarlyReadoutTransformer model = ml.Transforms.EarlyReadout(new EarlyReadoutEstimator.Options
        {
            FeatureColumnName = "Pixels",
            Network = { Kind = NetworkKind.ConvNet, Channels = [4, 4] },
            Epochs = 1,
        }).Fit(train);
        string path = Path.Combine(_folder, "model.onnx");
        model.SaveAsOnnx(path);
        return new InferenceSession(path);
    }

    private sealed class Photo
    {
        [VectorType(3, Side, Side)]
        public float[] Pixels { get; set; } = [];

        public string Label { get; set; } = "";
    }

    [GeneratedRegex(@"^\| output \| `([\w.]+)`", RegexOptions.Multiline)]
    private static partial Regex OutputRow();
}
