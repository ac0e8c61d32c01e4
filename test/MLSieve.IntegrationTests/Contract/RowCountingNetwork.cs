using Microsoft.ML.EarlyReadout;
using static TorchSharp.torch;

namespace MLSieve.Tests;

/// <summary>A network of one stage that keeps which rows it is trained on.</summary>
internal sealed class RowCountingNetwork : StagedNetwork
{
    private readonly RowCounter _counter = new();

    public RowCountingNetwork(FeatureShape shape, int classes) : base("counting", shape, classes)
    {
        if (shape is ImageShape) AddStage("one", _counter, Register("conv", new Conv2d(3, 4, 3, padding: 1)), new Relu());
        else AddStage("one", _counter, Register("linear", new Linear(shape.Size, 4)), new Relu());
        SetHead("head", shape is ImageShape
            ? [Register("pool", new GlobalAveragePool()), Register("head", new Linear(4, classes))]
            : [Register("head", new Linear(4, classes))]);
    }

    /// <summary>The rows of each batch that came by in training mode; a row is told from others by all of its numbers.</summary>
    public IReadOnlyList<string[]> TrainedBatches => _counter.TrainedBatches;

    private sealed class RowCounter() : Layer("counter")
    {
        public List<string[]> TrainedBatches { get; } = [];

        public override Tensor forward(Tensor input)
        {
            if (training)
            {
                float[] numbers = input.detach().cpu().flatten(1).contiguous().data<float>().ToArray(); // (B · D)
                int width = numbers.Length / (int)input.size(0);
                TrainedBatches.Add([.. numbers.Chunk(width).Select(row => string.Join(' ', row))]);
            }

            return input.alias();
        }

        public override string Export(OnnxGraph graph, string input) => input;
    }
}
