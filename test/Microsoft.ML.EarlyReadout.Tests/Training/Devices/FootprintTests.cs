using Microsoft.ML.EarlyReadout;
using TorchSharp;
using static TorchSharp.torch;

namespace MLSieve.Tests;

public sealed class FootprintTests
{
    [Fact]
    public void A_row_of_a_convolutional_network_takes_what_its_layers_put_out()
    {
        NativeBackend.EnsureLoaded();
        using DisposeScope scope = NewDisposeScope();
        var options = new NetworkOptions { Channels = [32, 64] };
        FeatureShape shape = FeatureShape.Image(3, 16, 16);
        using StagedNetwork network = NetworkFactory.Create(options, shape, PixelRange.Bytes, classes: 2, seed: 1, _ => { });
        using TrainingSet set = Rows.Read(
            Rows.View(3 * 256, (new float[3 * 256], "a", ""), ([.. Enumerable.Repeat(7f, 3 * 256)], "b", "")),
            input: new() { Height = 16, Width = 16 });
        Footprint footprint = Footprint.Of(network, TrainingRows.AllOf(set));
        const long float32 = 4, first = 32 * 256, second = 64 * 64;
        // The input; convolution, batch norm, ReLU, pooling of each stage; global pooling and the classifier.
        Assert.Equal(3 * float32 * ((3 * 256) + (3 * first) + (first / 4) + (3 * second) + (second / 4) + 64 + 2), footprint.Training);
        // Batch norm or ReLU of the first stage: what it reads, and what it puts out.
        Assert.Equal(2 * float32 * 2 * first, footprint.Evaluation);
        Assert.Equal([[1, 3, 16, 16], [1, 32, 8, 8], [1, 64, 4, 4]], footprint.Taps);
        Assert.Equal([1L, 2L], footprint.Logits);

        using ReadoutHead readout = ReadoutFactory.Create(network, new ReadoutOptions { Stage = 1, Depth = 1, Width = 10 }, seed: 1);
        // Two convolutions, two batch norms and the block that they are; the classifier and the readout.
        Assert.Equal(2 * float32 * ((5 * 10 * 64) + 2 + 2), footprint.OfReadout(readout, 1));
        Assert.True(readout.training); // as it was
    }

    [Theory, MemberData(nameof(Networks))]
    public void Every_network_can_be_measured(string name)
    {
        using DisposeScope scope = NewDisposeScope();
        using StagedNetwork network = NetworkCases.Create(name);
        FeatureShape shape = network.Shape;
        float[] row = [.. Enumerable.Range(0, shape.Size).Select(i => (float)(i % 200))];
        InputOptions input = shape is ImageShape image ? new() { Height = image.Height, Width = image.Width } : new();
        using TrainingSet set = Rows.Read(Rows.View(shape.Size, (row, "a", ""), (row, "b", "")), input: input);
        Footprint footprint = Footprint.Of(network, TrainingRows.AllOf(set));
        Assert.InRange(footprint.Evaluation, 1, footprint.Training);
        Assert.Equal(
            NetworkCases.Taps(name).Select(tap => (long)tap.Channels), footprint.Taps.Skip(1).Select(tap => tap[tap.Length == 3 ? 2 : 1]));
    }

    public static TheoryData<string> Networks => NetworkCases.Names;
}
