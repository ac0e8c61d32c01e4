using Microsoft.ML.EarlyReadout;
using Microsoft.ML.OnnxRuntime;
using static TorchSharp.torch;

namespace MLSieve.Tests;

public sealed class ParityTests
{
    public static TheoryData<string> Networks => NetworkCases.Names;

    [Theory, MemberData(nameof(Networks))]
    public void The_graph_computes_what_the_network_computes_at_any_batch_size(string name)
    {
        using var scope = NewDisposeScope();
        using StagedNetwork network = NetworkCases.Create(name);
        using var session = new InferenceSession(OnnxExporter.ToBytes(network));
        foreach (int batch in new[] { 1, 7, 256 })
            GraphParity.Verify(network, session, NetworkCases.Rows(network.Shape, batch));
        Assert.True(network.training); // as it was
    }

    [Theory]
    [InlineData("ConvNet", ImageLayout.ChannelsLast, ChannelOrder.Rgb)]
    [InlineData("ConvNet", ImageLayout.ChannelsLast, ChannelOrder.Bgr)]
    [InlineData("ConvNet", ImageLayout.ChannelsFirst, ChannelOrder.Bgr)]
    [InlineData("ConvNetGrey", ImageLayout.ChannelsLast, ChannelOrder.Bgr)]
    [InlineData("MlpOnImages", ImageLayout.ChannelsLast, ChannelOrder.Bgr)]
    [InlineData("SqueezeNet11", ImageLayout.ChannelsLast, ChannelOrder.Bgr)]
    public void The_graph_reads_every_layout_and_channel_order_as_the_network_does(string name, ImageLayout layout, ChannelOrder order)
    {
        using var scope = NewDisposeScope();
        using StagedNetwork network = NetworkCases.Create(name, layout: layout, order: order);
        using var session = new InferenceSession(OnnxExporter.ToBytes(network));
        foreach (bool channelsLast in new[] { false, true })
        {
            network.SetChannelsLast(channelsLast);
            GraphParity.Verify(network, session, NetworkCases.Rows(network.Shape, 7));
        }
    }

    [Fact]
    public void Layout_and_order_say_where_a_number_lies_and_not_what_it_means()
    {
        using var scope = NewDisposeScope();
        using IDisposable noGrad = no_grad();
        using StagedNetwork planar = NetworkCases.Create("ConvNet");
        using StagedNetwork interleaved = NetworkCases.Create("ConvNet", layout: ImageLayout.ChannelsLast);
        using StagedNetwork bgr = NetworkCases.Create("ConvNet", order: ChannelOrder.Bgr);
        planar.eval();
        interleaved.eval();
        bgr.eval();
        Tensor rows = NetworkCases.Rows(planar.Shape, 3);
        Tensor expected = planar.call(rows);
        Assert.True(allclose(expected, interleaved.call(rows.permute(0, 2, 3, 1).contiguous()), rtol: 1e-4, atol: 1e-5));
        Assert.True(allclose(expected, bgr.call(rows.flip(1)), rtol: 1e-4, atol: 1e-5));
        Assert.False(allclose(expected, bgr.call(rows), rtol: 1e-2, atol: 1e-2));
    }

    [Fact]
    public void A_network_that_changed_after_its_export_is_told_apart_with_the_place_among_the_rows_and_the_difference()
    {
        using var scope = NewDisposeScope();
        using StagedNetwork network = NetworkCases.Create("Mlp");
        using var session = new InferenceSession(OnnxExporter.ToBytes(network));
        using (no_grad()) network.get_parameter("head.bias")!.add_(tensor(new[] { 0f, 0f, 0.01f, 0f, 0f }), Scalars.One);
        var error = Assert.Throws<ParityException>(() => GraphParity.Verify(network, session, NetworkCases.Rows(network.Shape, 4)));
        Assert.Contains("in number 1 of the 4 training rows that were compared, class 2: ", error.Message, StringComparison.Ordinal);
        Assert.Contains("where 0.0001 is allowed", error.Message, StringComparison.Ordinal);
        error = Assert.Throws<ParityException>(() => ParityCheck.Verify(
            network, _ => new float[4 * NetworkCases.Classes], NetworkCases.Rows(network.Shape, 4), firstRow: 32, allRows: 64));
        Assert.Contains("in number 33 of the 64 training rows that were compared, ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_logit_that_is_not_a_number_is_an_error_even_where_both_agree_on_it()
    {
        using var scope = NewDisposeScope();
        using StagedNetwork network = NetworkCases.Create("Mlp");
        using (no_grad()) network.get_parameter("head.bias")!.fill_(Scalars.Of(double.NaN));
        using var session = new InferenceSession(OnnxExporter.ToBytes(network));
        Assert.Throws<ParityException>(() => GraphParity.Verify(network, session, NetworkCases.Rows(network.Shape, 4)));
    }

    [Theory]
    [InlineData(true, 0)]
    [InlineData(true, 3)]
    [InlineData(false, 0)]
    [InlineData(false, 3)]
    public void A_readout_exports_as_the_tap_of_a_stage(bool spatial, int depth)
    {
        using var scope = NewDisposeScope();
        using IDisposable noGrad = no_grad();
        using StagedNetwork network = NetworkCases.Create(spatial ? "ConvNet" : "Mlp");
        using var generator = new Generator(9);
        (FeatureShape tap, Layer[] pool) = StageTap.WithPool(network, 1);
        using var readout = new ReadoutHead(tap, pool, depth, 6, NetworkCases.Classes);
        readout.Initialize(generator);
        readout.eval();
        network.eval();
        (OnnxGraph graph, ExportedNetwork exported) = OnnxExporter.Export(network);
        graph.Output(readout.Export(graph, exported.Stages[1]), "readout", NetworkCases.Classes);
        using var session = new InferenceSession(graph.ToBytes());

        Tensor rows = NetworkCases.Rows(network.Shape, 7).to(ScalarType.Float32);
        float[] expected = readout.call(network.ForwardTo(1, rows)).data<float>().ToArray();
        using OrtValue input = OrtValue.CreateTensorValueFromMemory(rows.data<float>().ToArray(), rows.shape);
        using var options = new RunOptions();
        using var outputs = session.Run(options, session.InputNames, [input], ["readout"]);
        float[] actual = outputs[0].GetTensorDataAsSpan<float>().ToArray();
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 1e-4f));
    }

    [Theory]
    [InlineData("Mlp")]
    [InlineData("ConvNet")]
    [InlineData("ResNet18")]
    public void The_embedding_is_what_the_last_linear_layer_reads(string kind)
    {
        using var scope = NewDisposeScope();
        using IDisposable noGrad = no_grad();
        using StagedNetwork network = NetworkCases.Create(kind);
        network.eval();
        (OnnxGraph graph, ExportedNetwork exported) = OnnxExporter.Export(network);
        graph.Output(exported.Embedding!, "embedding", exported.EmbeddingSize);
        using var session = new InferenceSession(graph.ToBytes());

        Tensor rows = NetworkCases.Rows(network.Shape, 7).to(ScalarType.Float32);
        using OrtValue input = OrtValue.CreateTensorValueFromMemory(rows.data<float>().ToArray(), rows.shape);
        using var options = new RunOptions();
        using var outputs = session.Run(options, session.InputNames, [input], ["embedding"]);
        Tensor embedding = tensor(outputs[0].GetTensorDataAsSpan<float>().ToArray(), [7, exported.EmbeddingSize]);
        float[] expected = network.call(rows).data<float>().ToArray(),
            actual = network.Head[network.Head.Count - 1].call(embedding).data<float>().ToArray();
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 1e-4f));
    }
}
