using System.Runtime.InteropServices;
using Microsoft.ML;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.EarlyReadout.OnnxProto;
using Microsoft.ML.OnnxRuntime;
using TorchSharp.Utils;
using static TorchSharp.torch;
using Parameter = TorchSharp.Modules.Parameter;

namespace MLSieve.Tests;

public sealed class CustomNetworkTests
{
    private static readonly FeatureShape _shape = FeatureShape.Image(3, 8, 8);

    [Fact]
    public void A_network_of_ones_own_trains_reports_its_parameters_and_exports()
    {
        using var scope = NewDisposeScope();
        using StagedNetwork network = NetworkFactory.Create(
            new NetworkOptions { Custom = (shape, classes) => new GatedNetwork(shape, classes) }, _shape, PixelRange.Bytes, 3, seed: 2,
            _ => { });
        Assert.Equal(
            ["front.conv.weight", "front.conv.bias", "gated.0.weight", "gated.0.bias", "gated.1.gate", "out.1.weight", "out.1.bias"],
            network.named_parameters().Select(entry => entry.name));
        Assert.Equal(
            ["front.conv.weight", "front.conv.bias", "gated.0.weight", "gated.0.bias", "gated.1.gate"],
            network.ParametersTo(1).Select(entry => entry.Name));

        Tensor rows = NetworkCases.Rows(_shape, 16), labels = arange(16).remainder(Scalars.Of(3)).to(ScalarType.Int64);
        Tensor before = Loss();
        before.backward();
        using (no_grad())
            foreach (Parameter parameter in network.parameters()) parameter.sub_(parameter.grad!.mul(Scalars.Of(0.1)));
        Assert.True(Loss().item<float>() < before.item<float>());

        using var session = new InferenceSession(OnnxExporter.ToBytes(network));
        GraphParity.Verify(network, session, rows);

        Tensor Loss() => nn.functional.cross_entropy(network.call(rows), labels);
    }

    [Fact]
    public void A_layer_of_ones_own_folds_its_batch_norm_into_the_convolution()
    {
        using var scope = NewDisposeScope();
        using StagedNetwork network = NetworkFactory.Create(
            new NetworkOptions { Custom = (shape, classes) => new NormedNetwork(shape, classes) }, _shape, PixelRange.Bytes, 3, seed: 2,
            _ => { });
        Tensor rows = NetworkCases.Rows(_shape, 16);
        network.train();
        network.call(rows); // now the norm's statistics are no longer 0 and 1
        byte[] bytes = OnnxExporter.ToBytes(network);
        Assert.DoesNotContain("BatchNormalization", OperatorsOf(bytes));
        using var session = new InferenceSession(bytes);
        GraphParity.Verify(network, session, rows);

        static IEnumerable<string> OperatorsOf(byte[] model) => ModelProto.Parser.ParseFrom(model).Graph.Node.Select(node => node.OpType);
    }

    [Fact]
    public void A_name_that_is_taken_is_an_error() =>
        Assert.Throws<InvalidOperationException>(() => new TwiceNamed());

    [Fact]
    public void A_network_without_stage_or_for_another_shape_is_told_apart_before_training()
    {
        string unfinished = Assert.Throws<ArgumentException>(() => Create((shape, classes) => new Unfinished(shape, classes))).Message;
        Assert.Contains("needs at least one stage (AddStage) and a head (SetHead)", unfinished, StringComparison.Ordinal);
        string other = Assert.Throws<ArgumentException>(
            () => Create((_, classes) => new GatedNetwork(FeatureShape.Image(3, 9, 9), classes))).Message;
        Assert.Contains("(3, 9, 9)", other, StringComparison.Ordinal);
        Assert.Contains("(3, 8, 8)", other, StringComparison.Ordinal);

        static StagedNetwork Create(Func<FeatureShape, int, StagedNetwork> custom) =>
            NetworkFactory.Create(new NetworkOptions { Custom = custom }, _shape, PixelRange.Bytes, 3, seed: 2, _ => { });
    }

    [Theory]
    [InlineData(4)]
    [InlineData(1)]
    public void A_network_with_more_or_fewer_outputs_than_classes_is_refused_before_the_first_step(int outputs)
    {
        int steps = 0;
        var options = new EarlyReadoutEstimator.Options
        {
            Network = { Custom = (shape, classes) => new OtherOutputs(shape, classes, outputs, () => steps++) },
            Taps = [],
            Epochs = 1,
        };
        IDataView rows = Rows.View(2, ([0, 1], "a", ""), ([1, 0], "b", ""), ([1, 1], "c", ""));
        Assert.Equal(
            $"The network 'Other' of Network.Custom puts out (1, {outputs}); expected (1, 3), a logit for each class: give its last layer "
                + "the classes that it is asked for.",
            Assert.Throws<ArgumentException>(() => Rows.Ml.Transforms.EarlyReadout(options).Fit(rows)).Message);
        Assert.Equal(0, steps);
    }

    [Fact]
    public void Memory_too_small_for_one_text_of_the_most_tokens_is_told_with_the_option_however_short_the_texts_are()
    {
        var options = new EarlyReadoutEstimator.Options
        {
            TextColumnName = "Place",
            Network = { MaxTokens = 16, Custom = (shape, classes) => new RoomForShortTexts(shape, classes) },
            Taps = [],
            Epochs = 1,
        };
        IDataView rows = Rows.View(2, ([0, 1], "a", "in"), ([1, 0], "b", "out"));
        Assert.Contains(
            "Not even one row of 16 tokens fits: set Network.MaxTokens to less (the log counts texts that are cut).",
            Assert.Throws<TrainingOutOfMemoryException>(() => Rows.Ml.Transforms.EarlyReadout(options).Fit(rows)).Message,
            StringComparison.Ordinal);
    }

    /// <summary>Multiplies each channel by a number that trains.</summary>
    private sealed class Gate : Layer
    {
        [ComponentName(Name = "gate")]
        private readonly Parameter _gate;

        public Gate(int channels) : base("gate")
        {
            _gate = new Parameter(ones(1, channels, 1, 1));
            RegisterComponents();
        }

        public override Tensor forward(Tensor input) => input.mul(_gate);

        public override string Export(OnnxGraph graph, string input) => graph.Node("Mul", [input, graph.Constant("gate", _gate)]);
    }

    private sealed class GatedNetwork : StagedNetwork
    {
        private readonly Conv2d _front; // a field beside the registration must not be registered twice

        public GatedNetwork(FeatureShape shape, int classes) : base("Gated", shape, classes)
        {
            _front = Register("front.conv", new Conv2d(3, 4, 3, padding: 1));
            SetStem(_front);
            AddStage("gated", new Conv2d(4, 6, 1), new Gate(6), new Relu());
            SetHead("out", new GlobalAveragePool(), new Linear(6, classes));
        }
    }

    /// <summary>A convolution with a batch norm and a squashed output, as a layer.</summary>
    private sealed class Normed : Layer
    {
        private readonly Conv2d _conv;
        private readonly BatchNorm2d _norm;

        public Normed(int inputs, int outputs) : base("normed")
        {
            _conv = new Conv2d(inputs, outputs, 3, padding: 1);
            _norm = new BatchNorm2d(outputs);
            RegisterComponents();
        }

        public override Tensor forward(Tensor input) => _norm.call(_conv.call(input)).tanh();

        public override string Export(OnnxGraph graph, string input) => graph.Node("Tanh", [_conv.Export(graph, input, _norm)]);
    }

    private sealed class NormedNetwork : StagedNetwork
    {
        public NormedNetwork(FeatureShape shape, int classes) : base("Normed", shape, classes)
        {
            AddStage("normed", new Normed(3, 6));
            SetHead("out", new GlobalAveragePool(), new Linear(6, classes));
        }
    }

    private sealed class TwiceNamed : StagedNetwork
    {
        public TwiceNamed() : base("Twice", _shape, 2)
        {
            Register("same", new Relu());
            Register("same", new Relu());
        }
    }

    /// <summary>Has a last layer for another number of classes than it is asked for, and tells of each forward pass of a step.</summary>
    private sealed class OtherOutputs : StagedNetwork
    {
        public OtherOutputs(FeatureShape shape, int classes, int outputs, Action step) : base("Other", shape, classes)
        {
            AddStage("stage", new Linear(shape.Size, 4), new Stepped(step));
            SetHead("fc", new Linear(4, outputs));
        }
    }

    private sealed class Stepped(Action step) : Layer("stepped")
    {
        public override Tensor forward(Tensor input)
        {
            if (is_grad_enabled()) step();
            return input.alias();
        }

        public override string Export(OnnxGraph graph, string input) => input;
    }

    /// <summary>Runs out of memory for texts of the most tokens.</summary>
    private sealed class RoomForShortTexts : StagedNetwork
    {
        public RoomForShortTexts(FeatureShape shape, int classes) : base("Short", shape, classes)
        {
            AddStage("stage", new ShortMean(((TokenShape)shape).Length));
            SetHead("fc", new Linear(1, classes));
        }
    }

    private sealed class ShortMean(int tooLong) : Layer("short mean")
    {
        public override Tensor forward(Tensor input)
        {
            if (input.shape[1] < tooLong) return input.mean([1], keepdim: true); // (B, 1)
#pragma warning disable CA2201 // TorchSharp throws it
            throw new ExternalException("DefaultCPUAllocator: can't allocate memory: you tried to allocate 4096 bytes. Error code 12");
#pragma warning restore CA2201
        }

        public override string Export(OnnxGraph graph, string input) => input;
    }

    private sealed class Unfinished(FeatureShape shape, int classes) : StagedNetwork("Unfinished", shape, classes)
    {
    }
}
