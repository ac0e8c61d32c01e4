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

    private sealed class Unfinished(FeatureShape shape, int classes) : StagedNetwork("Unfinished", shape, classes)
    {
    }
}
