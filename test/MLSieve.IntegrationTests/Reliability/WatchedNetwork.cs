using Microsoft.ML.EarlyReadout;
using static TorchSharp.torch;

namespace MLSieve.Tests;

/// <summary>
/// A small network of two stages with dropout between, linear or, for images, convolutions with batch norm, that tells before every batch
/// which one it is, counted from 1: there a test cancels, or spoils what passes.
/// </summary>
internal sealed class WatchedNetwork : StagedNetwork
{
    public WatchedNetwork(FeatureShape shape, int classes, Func<int, Tensor, Tensor> watch) : base("watched", shape, classes)
    {
        if (shape is ImageShape)
        {
            AddStage(
                "first", new Conv2d(shape.Channels, 4, 3, padding: 1), new BatchNorm2d(4), new Watch(watch), new Relu(),
                new MaxPool2d(2, 2));
            AddStage("second", new Dropout(0.2), new Conv2d(4, 4, 3, padding: 1), new BatchNorm2d(4), new Relu());
            SetHead("head", new GlobalAveragePool(), new Linear(4, classes));
            return;
        }

        AddStage("first", new Linear(shape.Size, 16), new Watch(watch), new Relu());
        AddStage("second", new Dropout(0.2), new Linear(16, 16), new Relu());
        SetHead("head", new Linear(16, classes));
    }

    /// <summary>Has a trainer make such networks, which tell the number of each batch and change nothing.</summary>
    public static void Count(TrainerOptions options, Action<int> tell) =>
        options.Network.Custom = (shape, classes) => new WatchedNetwork(shape, classes, (number, input) =>
        {
            tell(number);
            return input.alias();
        });

    private sealed class Watch : Layer
    {
        private readonly Func<int, Tensor, Tensor> _watch;
        private int _batches;

        public Watch(Func<int, Tensor, Tensor> watch) : base("watch")
        {
            _watch = watch;
            RegisterComponents();
        }

        public override Tensor forward(Tensor input) => _watch(++_batches, input);

        public override string Export(OnnxGraph graph, string input) => input;
    }
}
