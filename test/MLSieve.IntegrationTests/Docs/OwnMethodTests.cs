using System.Reflection;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.FeatureSieve;

namespace MLSieve.Tests;

/// <summary>The trainer of docs/own-method.md, as the page has it, is a trainer like those of the library.</summary>
public sealed class OwnMethodTests
{
    private static readonly Lazy<Assembly> _page = new(() => OwnMethodPage.Compile(OwnMethodPage.Code(0)));

    private readonly MLContext _ml = new(seed: 1);

    [Fact]
    public void The_sieve_sees_no_more_of_the_library_than_a_method_of_your_own()
    {
        IEnumerable<string> friends = typeof(EarlyReadoutTransformer).Assembly
            .GetCustomAttributes<System.Runtime.CompilerServices.InternalsVisibleToAttribute>().Select(friend => friend.AssemblyName);
        Assert.DoesNotContain(typeof(FeatureSieveTrainer).Assembly.GetName().Name, friends);
    }

    [Fact]
    public void Its_options_are_validated_with_those_of_every_trainer()
    {
        TrainerOptions options = Options();
        options.BatchSize = 0;
        options.GetType().GetProperty("Gamma")!.SetValue(options, 0.5);
        var error = Assert.Throws<ArgumentException>(() => Trainer(options));
        string[] lines = error.Message.Split(Environment.NewLine);
        Assert.Equal(
            [
                "FocalLossTrainer.Options has 2 faults:",
                "- BatchSize is 0; it must be at least 1.",
                "- Gamma is 0.5; it must be at least 1.",
            ], lines);
    }

    [Fact]
    public void It_trains_and_tells_of_it_and_is_exported_saved_and_reported()
    {
        IDataView train = BiasedRow.View(_ml), test = BiasedRow.View(_ml, seed: 2);
        var log = new List<string>();
        _ml.Log += (_, line) => log.Add(line.RawMessage);
        TrainerOptions options = Options();
        options.Epochs = 20;
        using EarlyReadoutTransformer model = Trainer(options).Fit(train);

        IDataView scored = model.Transform(test);
        Assert.True(_ml.MulticlassClassification.Evaluate(scored).MicroAccuracy > 0.8);
        Assert.All(model.History.Points, point => Assert.Equal(["focal"], point.Losses.Keys));
        Assert.True(model.History.Points[^1].Losses["focal"] < 0.5 * model.History.Points[0].Losses["focal"]);
        Assert.Equal("2", model.History.Settings["Gamma"]);
        Assert.Contains(log, line => line.Contains("focal loss 0", StringComparison.Ordinal));

        using var onnx = new MemoryStream();
        model.SaveAsOnnx(onnx);
        Assert.True(onnx.Length > 0);
        using var saved = new MemoryStream();
        _ml.Model.Save(model, train.Schema, saved);
        saved.Position = 0;
        ITransformer stock = _ml.Model.Load(saved, out _);
        Assert.Equal(Predicted(scored), Predicted(stock.Transform(test)));

        string page = _ml.MulticlassClassification.CreateReport(test, [new ReportedModel("Focal", model)]).Html;
        Assert.Contains("focal", page, StringComparison.Ordinal);
    }

    [Fact]
    public void A_figure_that_the_step_does_not_declare_is_an_error_that_names_it()
    {
        string code = OwnMethodPage.Code(0).Replace("[new(\"focal\", MeterUnit.Nats)]", "[]", StringComparison.Ordinal);
        Assembly block = OwnMethodPage.Compile(code);
        TrainerOptions options = OwnMethodPage.Options(block, "FocalLossTrainer");
        options.Epochs = 1;
        IEstimator<EarlyReadoutTransformer> trainer = OwnMethodPage.Trainer(block, "FocalLossTrainer", _ml, options);
        Assert.Equal(
            "FocalStep reports 'focal', which its Meters do not declare. Add a Meter of that name to them.",
            Assert.Throws<InvalidOperationException>(() => trainer.Fit(BiasedRow.View(_ml))).Message);
    }

    [Theory]
    [InlineData("")]
    [InlineData("Training")]
    public void A_loop_of_its_own_cannot_take_the_name_of_the_training_proper(string name)
    {
        string code = OwnMethodPage.Code(0)
            .Replace("session.Train(step);", $"session.Train(\"{name}\", step, 1);", StringComparison.Ordinal);
        Assembly block = OwnMethodPage.Compile(code);
        IEstimator<EarlyReadoutTransformer> trainer = OwnMethodPage.Trainer(
            block, "FocalLossTrainer", _ml, OwnMethodPage.Options(block, "FocalLossTrainer"));
        Assert.StartsWith(
            $"A training cannot be called '{name}'; give it a name of its own.",
            Assert.Throws<ArgumentException>(() => trainer.Fit(BiasedRow.View(_ml))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void It_is_stopped_and_goes_on_to_the_same_model()
    {
        string folder = Directory.CreateTempSubdirectory("own-method-").FullName;
        try
        {
            IDataView train = BiasedRow.View(_ml);
            using EarlyReadoutTransformer whole = Trainer(Options()).Fit(train);

            using var stop = new CancellationTokenSource();
            TrainerOptions options = Options();
            options.CheckpointDirectory = folder;
            options.CancellationToken = stop.Token;
            options.OnValidation = validation =>
            {
                if (validation.Epoch >= 2) stop.Cancel();
            };
            Assert.Throws<OperationCanceledException>(() => Trainer(options).Fit(train));

            options = Options();
            options.CheckpointDirectory = folder;
            using EarlyReadoutTransformer goneOn = Trainer(options).Fit(train);
            Assert.Equal(3, goneOn.History.Points.Count);
            Assert.Equal(TrainingCase.BytesOf(whole), TrainingCase.BytesOf(goneOn));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static TrainerOptions Options()
    {
        TrainerOptions options = OwnMethodPage.Options(_page.Value, "FocalLossTrainer");
        (options.Epochs, options.ValidationFraction, options.Seed) = (3, 0.2, 3);
        options.Optimizer.LearningRate = 0.1;
        return options;
    }

    private IEstimator<EarlyReadoutTransformer> Trainer(TrainerOptions options) =>
        OwnMethodPage.Trainer(_page.Value, "FocalLossTrainer", _ml, options);

    private static uint[] Predicted(IDataView view) => [.. view.GetColumn<uint>("PredictedLabel")];
}
