using System.Reflection;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.FeatureSieve;

namespace MLSieve.Tests;

public sealed class NetworksPageTests
{
    private const int Side = 8;

    [Fact]
    public void The_network_of_the_page_trains_and_scores()
    {
        Type network = Compile().GetType("GatedNet", throwOnError: true)!;
        var ml = new MLContext(seed: 1);
        var random = new Random(1);
        IDataView rows = ml.Data.LoadFromEnumerable(Enumerable.Range(0, 24).Select(i => new Photo
        {
            Pixels = [.. Enumerable.Range(0, 3 * Side * Side).Select(_ => (float)random.Next(256))],
            Label = i % 3,
        }).ToArray());
        IDataView train = ml.Transforms.Conversion.MapValueToKey("Label").Fit(rows).Transform(rows);
        using EarlyReadoutTransformer model = ml.MulticlassClassification.Trainers.FeatureSieve(new FeatureSieveTrainer.Options
        {
            FeatureColumnName = "Pixels",
            Network = { Custom = (shape, classes) => (StagedNetwork)Activator.CreateInstance(network, shape, classes)! },
            Readout = { Stage = 1, Depth = 0 },
            ForgetEvery = 1,
            Epochs = 1,
        }).Fit(train); // compares the two faces of every layer

        Assert.True(model.HasActivationMaps);
        Assert.All(model.Transform(train).GetColumn<float[]>("Score"), score => Assert.Equal(1, score.Sum(), 1e-5f));
    }

    private static Assembly Compile()
    {
        string page = File.ReadAllText(Path.Combine(Repository.Root, "docs/networks.md"));
        using var assembly = new MemoryStream();
        Assert.True(DocumentationTests.Compilation(
            DocumentationTests.CodeBlocksOf(page).Single(code => code.Contains("class GatedNet", StringComparison.Ordinal)))
            .Emit(assembly).Success);
        return Assembly.Load(assembly.ToArray());
    }

    private sealed class Photo
    {
        [VectorType(3, Side, Side)]
        public float[] Pixels { get; set; } = [];

        public int Label { get; set; }
    }
}
