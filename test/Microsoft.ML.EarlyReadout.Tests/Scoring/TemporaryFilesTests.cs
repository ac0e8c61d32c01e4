using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

/// <summary>Runs alone, with a temporary folder of its own, so that whatever lies there in the end is ours.</summary>
[CollectionDefinition(nameof(TemporaryFilesTests), DisableParallelization = true)]
[Collection(nameof(TemporaryFilesTests))]
public sealed class TemporaryFilesTests : IDisposable
{
    private static readonly string _variable = OperatingSystem.IsWindows() ? "TMP" : "TMPDIR";
    private readonly string? _before = Environment.GetEnvironmentVariable(_variable);
    private readonly string _folder = Directory.CreateTempSubdirectory("own").FullName;

    public TemporaryFilesTests() => Environment.SetEnvironmentVariable(_variable, _folder);

    [Fact]
    public void Fitting_saving_and_predicting_leave_nothing_in_the_temp_folder()
    {
        var ml = new MLContext(seed: 1);
        IDataView data = Example.View(ml, Example.Draw(50));
        using (EarlyReadoutTransformer model = new RandomClassifier().Fit(data))
        {
            Assert.Empty(Directory.EnumerateFileSystemEntries(_folder));
            using var stream = new MemoryStream();
            ml.Model.Save(model, data.Schema, stream);
            ml.Model.Save(model, data.Schema, stream);
            Assert.Empty(Directory.EnumerateFileSystemEntries(_folder));
            using var engine = ml.Model.CreatePredictionEngine<Example, Prediction>(model);
            _ = engine.Predict(Example.Draw(1)[0]);
            // Windows keeps open files until they are closed; elsewhere a model that nobody disposes leaves nothing either.
            if (!OperatingSystem.IsWindows()) Assert.Empty(Directory.EnumerateFileSystemEntries(_folder));
        }

        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder));
    }

    [Fact]
    public void The_file_of_a_graph_that_is_saved_has_no_random_name_and_goes_with_its_chain()
    {
        var ml = new MLContext(seed: 1);
        using EarlyReadoutTransformer model = new RandomClassifier().Fit(Example.View(ml, Example.Draw(50)));
        StockHead head = StockHead.Fit(Example.View(ml, Example.Draw(50)).Schema["Label"]);
        using (new StockChain(model.Graph, head, margin: null, model.Columns, _folder, ScoringDevice.Cpu, isSaved: true))
        {
            string file = Assert.Single(Directory.EnumerateFiles(_folder, "*.onnx", SearchOption.AllDirectories));
            Assert.Equal("graph.onnx", Path.GetFileName(file));
        }

        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder));
    }

    /// <summary>On Windows nobody can write a file that is open, and ML.NET keeps that of a graph open.</summary>
    [Fact]
    public void What_is_saved_is_written_beside_the_open_file_of_the_graph()
    {
        var ml = new MLContext(seed: 1);
        IDataView data = Example.View(ml, Example.Draw(50));
        using EarlyReadoutTransformer model = new RandomClassifier().Fit(data);
        StockHead head = StockHead.Fit(data.Schema["Label"]);
        byte[] saved = [];
        using var zip = new MemoryStream();
        using (var chain = new StockChain(model.Graph, head, margin: null, model.Columns, _folder, ScoringDevice.Cpu, isSaved: true))
        {
            string open = Assert.Single(Directory.EnumerateFiles(_folder, "*.onnx", SearchOption.AllDirectories));
            byte[] before = File.ReadAllBytes(open);
            ml.Model.Save(new Saving(ctx => chain.Save(ctx, data.Schema, Described)), data.Schema, zip);
            Assert.Equal(before, File.ReadAllBytes(open));
        }

        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder));
        zip.Position = 0;
        Assert.Equal(saved, Assert.Single(GraphEntries.Read(zip)));

        byte[] Described(StockPlace place) => saved = SavedGraph.Write(
            model.Graph, SavedDescription.Of(model, SavedModel.HashOf(head, margin: null), place), model.Weights);
    }

    [Fact]
    public void A_loaded_stock_model_keeps_a_copy_of_the_graph_until_it_is_disposed()
    {
        var ml = new MLContext(seed: 1);
        IDataView data = Example.View(ml, Example.Draw(50));
        using EarlyReadoutTransformer model = new RandomClassifier().Fit(data);
        ITransformer stock = TransformTests.Reload(model, data.Schema);
        Assert.Single(Directory.EnumerateFiles(_folder));
        ((IDisposable)stock).Dispose();
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder));
    }

    public void Dispose()
    {
        Environment.SetEnvironmentVariable(_variable, _before);
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>A transformer that can be saved, and nothing else.</summary>
    private sealed class Saving(Action<ModelSaveContext> save) : ITransformer
    {
        public bool IsRowToRowMapper => false;

        public DataViewSchema GetOutputSchema(DataViewSchema inputSchema) => inputSchema;

        public IDataView Transform(IDataView input) => input;

        public IRowToRowMapper GetRowToRowMapper(DataViewSchema inputSchema) => throw new NotSupportedException();

        void ICanSaveModel.Save(ModelSaveContext ctx) => save(ctx);
    }
}
