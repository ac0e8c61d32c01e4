using System.Runtime.InteropServices;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.Runtime;
using static TorchSharp.torch;

namespace MLSieve.Tests;

/// <summary>
/// What comes after the last step may fail, and memory may run out on the way there: the network that was trained is never lost.
/// </summary>
public sealed class ModelExportTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("export-").FullName;
    private readonly MLContext _ml = new(seed: 1);
    private readonly List<string> _warnings = [];

    public ModelExportTests() => _ml.Log += (_, entry) =>
    {
        if (entry.Kind == ChannelMessageKind.Warning) _warnings.Add(entry.RawMessage);
    };

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_graph_that_differs_from_its_network_is_an_error_that_holds_model_and_weights()
    {
        float[] right = Scores(TrainingCase.Fit(With(TwoFaces(exported: "Relu"))));
        var fault = Assert.Throws<ModelExportException>(() => TrainingCase.Fit(With(TwoFaces(exported: "Neg"))));
        Assert.IsType<ParityException>(fault.InnerException);
        const string message = "The network is trained, but the check of its exported graph failed. "
            + "The exported graph differs from two faces in number 1 of the 64 training rows that were compared, class ";
        Assert.StartsWith(message, fault.Message, StringComparison.Ordinal);
        Assert.NotEqual(right, Scores(fault.Model!));
        Assert.Equal(right, ScoresOfWeights(fault.SaveWeights));
    }

    [Fact]
    public void A_layer_that_cannot_be_exported_costs_no_training()
    {
        float[] right = Scores(TrainingCase.Fit(With(TwoFaces(exported: "Relu"))));
        using (NativeLeakCheck.Start())
        {
            var fault = Assert.Throws<ModelExportException>(() => TrainingCase.Fit(With(TwoFaces(exported: ""))));
            Assert.IsType<NotSupportedException>(fault.InnerException);
            Assert.Equal("The network is trained, but no model could be made of it. No ONNX node does this. "
                + "ModelExportException.SaveWeights writes the trained weights.", fault.Message);
            Assert.Null(fault.Model);
            Assert.Equal(right, ScoresOfWeights(fault.SaveWeights));
        }
    }

    [Fact]
    public void Where_the_weights_cannot_be_copied_either_the_error_tells_what_failed_first()
    {
        var fault = Assert.Throws<ModelExportException>(
            () => TrainingCase.Fit(With((shape, classes) => new Lost(shape, classes))));
        Assert.IsType<NotSupportedException>(fault.InnerException);
        Assert.Equal("The network is trained, but no model could be made of it. No ONNX node does this. "
            + "ModelExportException.SaveWeights has no weights to write: they could not be copied.", fault.Message);
        Assert.Throws<InvalidOperationException>(() => fault.SaveWeights(Path.Combine(_folder, "none.safetensors")));
    }

    [Theory]
    [InlineData("group DRO")]
    [InlineData("Just Train Twice")]
    [InlineData("distillation")]
    [InlineData("readouts together")]
    public void Where_memory_does_not_suffice_for_a_batch_that_only_looks_a_smaller_one_gives_the_same_model(string name)
    {
        byte[] expected = TrainingCase.FitToBytes(TrainingCase.Options(name));
        int refused = 0;
        TrainerOptions options = TrainingCase.Options(name);
        RunsOut(options, looks: true, input => input.size(0) > 32 && refused++ >= 0);
        Assert.Equal(expected, TrainingCase.FitToBytes(options));
        Assert.InRange(refused, 2, 10);
    }

    [Fact]
    public void Where_memory_does_not_suffice_for_one_row_the_model_is_returned_without_its_check()
    {
        TrainerOptions options = TrainingCase.Options("group DRO");
        options.ValidationFraction = 0;
        byte[] expected = TrainingCase.FitToBytes(options);
        int passes = 0;
        RunsOut(options, looks: true, _ => ++passes > 2); // a row is measured, and a readout's probe is taken
        Assert.Equal(expected, TrainingCase.FitToBytes(options, _ml));
        Assert.Collection(
            _warnings,
            first => Assert.StartsWith("The model has no profile of its readouts' margins:", first, StringComparison.Ordinal),
            second => Assert.StartsWith(
                "The model could not be compared with the trained network: there is no memory for a single row. ", second,
                StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(3, 2)] // the network of the best epoch, which is one of those before
    public void Memory_that_runs_out_in_a_validation_leaves_the_network_that_was_trained(int epochs, int kept)
    {
        TrainerOptions whole = TrainingCase.Options("group DRO"); // its rate is constant: others depend on how many epochs there are
        whole.Epochs = kept;
        using EarlyReadoutTransformer expected = TrainingCase.Fit(whole);
        TrainerOptions options = TrainingCase.Options("group DRO");
        options.Epochs = epochs;
        int passes = 0;
        RunsOut(options, looks: true, _ => ++passes > 2 + epochs - 1); // a row is measured, a readout's probe is taken; then it validates
        var fault = Assert.Throws<TrainingOutOfMemoryException>(() => TrainingCase.Fit(options, _ml));
        using EarlyReadoutTransformer model = fault.LastGoodModel!;
        Assert.Equal(ModelBytes.Of(expected), ModelBytes.Of(model));
        Assert.Equal(expected.History.Selected!.Epoch, fault.LastGoodEpoch);
        Assert.Equal(fault.LastGoodEpoch, model.History.Selected!.Epoch);
    }

    [Fact]
    public void Memory_that_runs_out_in_a_step_leaves_the_network_of_the_last_whole_epoch()
    {
        TrainerOptions whole = Options();
        whole.Epochs = 2;
        byte[] expected = TrainingCase.FitToBytes(whole);
        TrainerOptions options = Options();
        int steps = 0;
        RunsOut(options, looks: false, _ => ++steps > 20); // of 8 an epoch
        var fault = Assert.Throws<TrainingOutOfMemoryException>(() => TrainingCase.Fit(options));
        using EarlyReadoutTransformer model = fault.LastGoodModel!;
        Assert.Equal((2, 32), (fault.LastGoodEpoch, fault.BatchSize));
        Assert.Equal(expected, ModelBytes.Of(model));

        static TrainerOptions Options()
        {
            TrainerOptions options = TrainingCase.Options("class-balanced");
            (options.ValidationFraction, options.Schedule.Kind) = (0, ScheduleKind.Constant); // others depend on how many epochs there are
            return options;
        }
    }

    [Fact]
    public void Memory_that_runs_out_in_the_first_step_leaves_none()
    {
        TrainerOptions options = TrainingCase.Options("sieve");
        RunsOut(options, looks: false, _ => true);
        var fault = Assert.Throws<TrainingOutOfMemoryException>(() => TrainingCase.Fit(options));
        Assert.Equal((null, 0), (fault.LastGoodModel, fault.LastGoodEpoch));
    }

    /// <summary>Lets memory run out where the network only looks, or where it is trained.</summary>
    private static void RunsOut(TrainerOptions options, bool looks, Func<Tensor, bool> when) => options.Network.Custom = (shape, classes) =>
        new WatchedNetwork(shape, classes, (_, input) =>
        {
            if (is_grad_enabled() == looks || !when(input)) return input.alias();
#pragma warning disable CA2201 // TorchSharp throws it
            throw new ExternalException("DefaultCPUAllocator: can't allocate memory: you tried to allocate 4096 bytes. Error code 12");
#pragma warning restore CA2201
        });

    private static EarlyReadoutEstimator.Options With(Func<FeatureShape, int, StagedNetwork> network)
    {
        var options = (EarlyReadoutEstimator.Options)TrainingCase.Options("group DRO");
        (options.Taps, options.Network.Custom) = ([], network);
        return options;
    }

    private float[] ScoresOfWeights(Action<string> save)
    {
        string path = Path.Combine(_folder, "weights.safetensors");
        save(path);
        EarlyReadoutEstimator.Options options = With(TwoFaces(exported: "Relu"));
        (options.TrainedPart, options.Network.WeightsPath, options.Epochs) = (TrainedPart.None, path, null);
        options.Objective.Kind = ObjectiveKind.EmpiricalRisk;
        return Scores(TrainingCase.Fit(options));
    }

    private static float[] Scores(EarlyReadoutTransformer model)
    {
        using (model) return TrainingCase.Scores(model);
    }

    private static Func<FeatureShape, int, StagedNetwork> TwoFaces(string exported) =>
        (shape, classes) => new Network(shape, classes, exported);

    private sealed class Network : StagedNetwork
    {
        public Network(FeatureShape shape, int classes, string exported) : base("two faces", shape, classes)
        {
            AddStage("only", new Linear(shape.Size, 16), new Rectifier(exported));
            SetHead("head", new Linear(16, classes));
        }
    }

    private sealed class Rectifier(string exported) : Layer("rectifier")
    {
        public override Tensor forward(Tensor input) => input.relu();

        public override string Export(OnnxGraph graph, string input)
        {
            ArgumentNullException.ThrowIfNull(graph);
            return exported.Length > 0 ? graph.Node(exported, [input]) : throw new NotSupportedException("No ONNX node does this.");
        }
    }

    /// <summary>Cannot be exported, and gives its weights to nobody after that.</summary>
    private sealed class Lost : StagedNetwork
    {
        private bool _isExported;

        public Lost(FeatureShape shape, int classes) : base("lost", shape, classes)
        {
            AddStage("only", new Linear(shape.Size, 16), new Failing(() => _isExported = true));
            SetHead("head", new Linear(16, classes));
        }

        public override Dictionary<string, Tensor> state_dict(Dictionary<string, Tensor>? destination = null, string? prefix = null) =>
            _isExported ? throw new FormatException("The weights are lost.") : base.state_dict(destination, prefix);
    }

    private sealed class Failing(Action exporting) : Layer("failing")
    {
        public override Tensor forward(Tensor input) => input.relu();

        public override string Export(OnnxGraph graph, string input)
        {
            exporting();
            throw new NotSupportedException("No ONNX node does this.");
        }
    }
}
