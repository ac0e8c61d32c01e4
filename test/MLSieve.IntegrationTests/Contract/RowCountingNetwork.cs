using Microsoft.ML.EarlyReadout;
using static TorchSharp.torch;

namespace MLSieve.Tests;

/// <summary>A network of one stage that counts the rows it is trained on.</summary>
internal sealed class RowCountingNetwork : StagedNetwork
{
    private readonly RowCounter _counter = new();

    public RowCountingNetwork(FeatureShape shape, int classes) : base("counting", shape, classes)
    {
        if (shape is ImageShape) AddStage("one", Register("conv", new Conv2d(3, 4, 3, padding: 1)), _counter, new Relu());
        else AddStage("one", Register("linear", new Linear(shape.Size, 4)), _counter, new Relu());
        SetHead("head", shape is ImageShape
            ? [Register("pool", new GlobalAveragePool()), Register("head", new Linear(4, classes))]
            : [Register("head", new Linear(4, classes))]);
    }

    /// <summary>The rows of each batch that came by in training mode.</summary>
    public IReadOnlyList<long> TrainedRows => _counter.TrainedRows;

    private sealed class RowCounter() : Layer("counter")
    {
        public List<long> TrainedRows { get; } = [];

        public override Tensor forward(Tensor input)
        {
            if (training) TrainedRows.Add(input.size(0));
            return input.alias();
        }

        public override string Export(OnnxGraph graph, string input) => input;
    }
}
