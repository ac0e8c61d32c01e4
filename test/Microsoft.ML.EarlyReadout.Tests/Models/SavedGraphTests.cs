using Microsoft.ML;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.EarlyReadout.OnnxProto;
using static TorchSharp.torch;

namespace MLSieve.Tests;

/// <summary>The trained weights beside the graph of a saved model.</summary>
public sealed class SavedGraphTests
{
    private readonly MLContext _ml = new(seed: 1);

    [Fact]
    public void A_weight_that_the_graph_has_as_it_is_or_transposed_is_written_once_and_read_as_it_was()
    {
        using EarlyReadoutTransformer model = Model();
        TensorProto matrix = ModelProto.Parser.ParseFrom(model.Graph.Bytes).Graph.Initializer.First(constant => constant.Dims.Count == 2);
        byte[] numbers = matrix.RawData.ToByteArray();
        (int rows, int columns) = ((int)matrix.Dims[0], (int)matrix.Dims[1]);
        Assert.NotEqual(rows, columns);
        var transposed = new byte[numbers.Length];
        for (int i = 0; i < rows; i++)
            for (int j = 0; j < columns; j++)
                numbers.AsSpan(4 * (i * columns + j), 4).CopyTo(transposed.AsSpan(4 * (j * rows + i)));
        TrainedTensor[] weights =
        [
            new("same", ScalarType.Float32, [rows, columns], numbers),
            new("transposed", ScalarType.Float32, [columns, rows], transposed),
            new("reshaped", ScalarType.Float32, [columns, rows], numbers), // its bytes are there, and its numbers in other places
        ];

        byte[] saved = Write(model, weights);

        TrainingInfoProto info = Assert.Single(ModelProto.Parser.ParseFrom(saved).TrainingInfo);
        Assert.Equal(["reshaped"], info.Initialization.Initializer.Select(tensor => tensor.Name));
        Assert.Equal(["transposed"], info.Initialization.Node.Select(node => node.Output[0]));
        Assert.Equal(["same"], info.InitializationBinding.Select(binding => binding.Value));
        TrainedWeights kept = SavedGraph.Open(saved)!.Weights();
        Assert.True(kept.Any);
        TrainedTensor[] read = [.. kept.Tensors.OrderBy(tensor => tensor.Name, StringComparer.Ordinal)];
        Assert.Same(kept.Tensors, kept.Tensors); // copied once
        foreach ((TrainedTensor expected, TrainedTensor actual) in
            weights.OrderBy(tensor => tensor.Name, StringComparer.Ordinal).Zip(read))
        {
            Assert.Equal((expected.Name, expected.Type), (actual.Name, actual.Type));
            Assert.Equal(expected.Shape, actual.Shape);
            Assert.Equal(expected.Bytes, actual.Bytes);
        }

        Assert.Equal(weights.Length, read.Length);
    }

    [Fact]
    public void Weights_for_which_one_file_has_no_room_are_an_error_that_names_the_files_that_have()
    {
        using EarlyReadoutTransformer model = Model();
        var numbers = new byte[1 << 28];
        TrainedTensor[] weights =
            [.. Enumerable.Range(0, 8).Select(i => new TrainedTensor($"weight{i}", ScalarType.Byte, [numbers.Length], numbers))]; // 2 GiB
        string message = Assert.Throws<InvalidOperationException>(() => Write(model, weights)).Message;
        Assert.Matches(
            "^The saved model would have 2147[0-9]{6} bytes, and the ONNX file in it can have 2146435071: it holds the graph that scores, "
                + "and once more the weights that the graph has in another form", message);
        Assert.EndsWith(
            "Save the two as files of their own: SaveAsOnnx writes the graph, and SaveWeights the weights.", message,
            StringComparison.Ordinal);
    }

    private EarlyReadoutTransformer Model() => new RandomClassifier().Fit(Example.View(_ml, Example.Draw(50)));

    private static byte[] Write(EarlyReadoutTransformer model, TrainedTensor[] weights) =>
        SavedGraph.Write(model.Graph, SavedDescription.Of(model, stockParts: "", new StockPlace(0, 0)), new TrainedWeights(weights));
}
