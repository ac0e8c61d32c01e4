using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

/// <summary>A zip that stock ML.NET saved gives the whole model back, in whatever process.</summary>
public sealed class SavedModelTests : IDisposable
{
    private const string FolderVariable = "MLSIEVE_SAVED_MODEL";
    private readonly MLContext _ml = new(seed: 1);
    private readonly string _folder = Directory.CreateTempSubdirectory("saved").FullName;

    [Fact]
    public void A_loaded_model_does_in_another_process_all_that_the_fitted_one_does()
    {
        IDataView rows = Rows(_ml);
        ITransformer pipeline = Pipeline(_ml).Fit(rows);
        using var model = EarlyReadoutTransformer.From(pipeline);
        _ml.Model.Save(pipeline, rows.Schema, Path.Combine(_folder, "pipeline.zip"));
        _ml.Model.Save(model, rows.Schema, Path.Combine(_folder, "model.zip"));
        string expected = ModelAccount.Of(_ml, pipeline, model, rows, _folder);

        OwnProcess.Run<SavedModelTests>(nameof(Gives_its_account), (FolderVariable, _folder));

        Assert.Equal(expected, File.ReadAllText(Path.Combine(_folder, "model.txt")));
        Assert.Equal(expected, File.ReadAllText(Path.Combine(_folder, "pipeline.txt")));
        Assert.Equal(expected, File.ReadAllText(Path.Combine(_folder, "again.txt")));
    }

    [Fact(Explicit = true)]
    public void Gives_its_account()
    {
        string folder = Environment.GetEnvironmentVariable(FolderVariable)!;
        IDataView rows = Rows(_ml);
        using EarlyReadoutTransformer model = EarlyReadoutTransformer.Load(Path.Combine(folder, "model.zip"), _ml);
        // the pipeline's answers come back as text, which the model alone does not add
        ITransformer around = _ml.Transforms.Conversion.MapKeyToValue("Answer", "PredictedLabel").Fit(model.Transform(rows));
        Write("model.txt", new TransformerChain<ITransformer>(model, around), model);

        using var loaded = (TransformerChain<ITransformer>)_ml.Model.Load(Path.Combine(folder, "pipeline.zip"), out _);
        using var pipeline = (TransformerChain<ITransformer>)EarlyReadoutTransformer.RestoreIn(loaded, _ml);
        Write("pipeline.txt", pipeline, EarlyReadoutTransformer.From(pipeline));

        _ml.Model.Save(pipeline, rows.Schema, Path.Combine(folder, "again.zip"));
        using var reloaded = (TransformerChain<ITransformer>)_ml.Model.Load(Path.Combine(folder, "again.zip"), out _);
        using var again = (TransformerChain<ITransformer>)EarlyReadoutTransformer.RestoreIn(reloaded, _ml);
        Write("again.txt", again, EarlyReadoutTransformer.From(again));

        void Write(string file, ITransformer whole, EarlyReadoutTransformer part) =>
            File.WriteAllText(Path.Combine(folder, file), ModelAccount.Of(_ml, whole, part, rows, folder));
    }

    [Fact]
    public void A_loaded_model_writes_the_weights_of_the_fitted_one_where_there_is_no_libtorch()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Elsewhere TorchSharp loads libtorch itself.");
        IDataView rows = Rows(_ml);
        string zip = Path.Combine(_folder, "model.zip"), weights = Path.Combine(_folder, "fitted.safetensors");
        using (EarlyReadoutTransformer model = EarlyReadoutTransformer.From(Pipeline(_ml).Fit(rows)))
        {
            _ml.Model.Save(model, rows.Schema, zip);
            model.SaveWeights(weights);
        }

        OwnProcess.Run<SavedModelTests>(
            nameof(Writes_its_weights_without_libtorch), (FolderVariable, _folder),
            (LibTorchLocation.Variable, Path.Combine(_folder, "no libtorch")));

        Assert.Equal(File.ReadAllBytes(weights), File.ReadAllBytes(Path.Combine(_folder, "loaded.safetensors")));
    }

    [Fact(Explicit = true)]
    public void Writes_its_weights_without_libtorch()
    {
        string folder = Environment.GetEnvironmentVariable(FolderVariable)!;
        using EarlyReadoutTransformer model = EarlyReadoutTransformer.Load(Path.Combine(folder, "model.zip"), _ml);
        model.SaveWeights(Path.Combine(folder, "loaded.safetensors"));
        Assert.Throws<NativeBackendException>(NativeBackend.EnsureLoaded); // so that none of it has been used
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static IDataView Rows(MLContext ml)
    {
        IDataView rows = Picture.View(ml, 120);
        return ml.Transforms.CopyColumns("Cue", nameof(Picture.Class)).Fit(rows).Transform(rows);
    }

    private static IEstimator<ITransformer> Pipeline(MLContext ml) => ml.Transforms.EarlyReadout(new EarlyReadoutEstimator.Options
    {
        FeatureColumnName = "Pixels",
        Network = { Kind = NetworkKind.ConvNet, Channels = [4, 8] },
        Taps = [new() { Stage = 1, Depth = 1 }, new() { Stage = 2 }],
        ValidationFraction = 0.2,
        GroupColumnName = "Cue",
        Selection = SelectionMetric.WorstGroupAccuracy,
        Epochs = 3,
        Seed = 2,
    }).Append(ml.Transforms.Conversion.MapKeyToValue("Answer", "PredictedLabel"));
}
