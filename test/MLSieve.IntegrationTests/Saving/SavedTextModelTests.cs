using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.EarlyReadout.OnnxProto;
using static MLSieve.Tests.MoodTexts;

namespace MLSieve.Tests;

/// <summary>Models of texts that are saved, as zips and as graphs.</summary>
public sealed class SavedTextModelTests : IDisposable
{
    private const string ModelVariable = "MLSIEVE_TEST_MODEL";

    private readonly MoodTexts _texts = new();

    [Fact]
    public void A_process_without_Unicode_data_says_so_where_it_loads_a_model_and_calls_no_file_damaged()
    {
        IDataView data = _texts.View(Draw(60, seed: 1));
        string zip = Path.Combine(_texts.Folder, "model.zip");
        using (EarlyReadoutTransformer model = _texts.Readouts(epochs: 1).Fit(data)) _texts.Ml.Model.Save(model, data.Schema, zip);
        OwnProcess.Run<SavedTextModelTests>(
            nameof(In_invariant_mode_loading_a_model_says_what_to_do),
            ("DOTNET_SYSTEM_GLOBALIZATION_INVARIANT", "1"), (ModelVariable, zip));
    }

    [Fact(Explicit = true)]
    public void In_invariant_mode_loading_a_model_says_what_to_do()
    {
        string zip = Environment.GetEnvironmentVariable(ModelVariable)!;
        using var stock = (TransformerChain<ITransformer>)_texts.Ml.Model.Load(zip, out _);
        foreach (Action load in new Action[]
        {
            () => EarlyReadoutTransformer.Load(zip, _texts.Ml).Dispose(),
            () => EarlyReadoutTransformer.From(stock, _texts.Ml).Dispose(),
        })
            Assert.StartsWith(
                "This process runs in .NET's globalisation-invariant mode, in which accents cannot be taken off letters. Install ICU",
                Assert.Throws<InvalidOperationException>(load).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_saved_graph_reads_strings_and_takes_no_prefix()
    {
        IDataView data = _texts.View(Draw(60, seed: 1));
        using EarlyReadoutTransformer model = _texts.Readouts(epochs: 1).Fit(data);
        string path = Path.Combine(_texts.Folder, "model.onnx");
        model.SaveAsOnnx(path);
        using var stock = _texts.Ml.Transforms.ApplyOnnxModel(["Score"], ["Text"], path).Fit(data);
        float[][] scored = [.. stock.Transform(data).GetColumn<float[]>("Score")];
        foreach ((float[] own, float[] others) in Scores(model, data).Zip(scored))
            Assert.All(own.Zip(others), pair => Assert.Equal(pair.First, pair.Second, 1e-5f));
        Assert.Contains("ML.NET exports no transform that does", Assert.Throws<InvalidOperationException>(
            () => model.SaveAsOnnx(path, [1])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_saved_model_of_texts_is_given_back_whole()
    {
        IDataView data = _texts.View(Draw(60, seed: 1));
        using EarlyReadoutTransformer model = _texts.Readouts(epochs: 1).Fit(data);
        string zip = Path.Combine(_texts.Folder, "model.zip");
        _texts.Ml.Model.Save(model, data.Schema, zip);
        using EarlyReadoutTransformer loaded = EarlyReadoutTransformer.Load(zip, _texts.Ml);
        Assert.Equal(Scores(model, data).SelectMany(row => row), Scores(loaded, data).SelectMany(row => row));
    }

    [Fact]
    public void The_weights_of_an_encoder_are_saved_once_and_given_back_byte_for_byte()
    {
        IDataView data = _texts.View(Draw(60, seed: 1));
        EarlyReadoutEstimator.Options options = Options(epochs: 1);
        (options.Taps, options.Network.Encoder.Width) = ([], 64);
        using EarlyReadoutTransformer model = _texts.Ml.Transforms.EarlyReadout(options).Fit(data);
        string zip = Path.Combine(_texts.Folder, "model.zip");
        _texts.Ml.Model.Save(model, data.Schema, zip);

        byte[] saved;
        using (FileStream stream = File.OpenRead(zip)) saved = Assert.Single(GraphEntries.Read(stream));
        TrainingInfoProto info = Assert.Single(ModelProto.Parser.ParseFrom(saved).TrainingInfo);
        Assert.Empty(info.Initialization.Initializer);
        Assert.Equal(12, info.Initialization.Node.Count); // of the six linear layers in each of two transformer layers
        long graph = model.Graph.Bytes.LongLength, weights = model.Weights.Tensors.Sum(tensor => tensor.Bytes.LongLength);
        Assert.InRange(saved.LongLength, graph, graph + weights / 4);

        using EarlyReadoutTransformer loaded = EarlyReadoutTransformer.Load(zip, _texts.Ml);
        Assert.Equal(Account(model), Account(loaded));

        static IEnumerable<string> Account(EarlyReadoutTransformer model) => model.Weights.Tensors
            .Select(tensor => $"{tensor.Name} {tensor.Type} {string.Join(',', tensor.Shape)} {Convert.ToHexString(tensor.Bytes)}")
            .Order(StringComparer.Ordinal);
    }

    public void Dispose() => _texts.Dispose();
}
