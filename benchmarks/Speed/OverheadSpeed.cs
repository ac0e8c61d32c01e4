using Microsoft.ML.EarlyReadout;
using Microsoft.ML.EarlyReadout.Networks;
using Microsoft.ML.EarlyReadout.Training;
using Microsoft.ML.OnnxRuntime;
using TorchSharp;
using static TorchSharp.torch;

namespace MLSieve.Speed;

/// <summary>
/// What goes on beside the work of a residual network, on the processor time of one thread: in a training step, watching the gradients'
/// norm and setting the mode of batch norm (by looking for the layers in every call too, as it once was); in scoring, class activation
/// maps that nobody asks for (in the graph, and left out of it, as it is). Ways alternate in one run; each one's median counts.
/// </summary>
internal static class OverheadSpeed
{
    private const int Batch = 16;
    private const int Side = 96;
    private const int Rounds = 9;
    private const int Calls = 100;

    public static void Run()
    {
        NativeBackend.EnsureLoaded();
        set_num_threads(1);
        Console.WriteLine($"Images of {Side} × {Side}, {Batch} in a batch, float32, one thread, medians of {Rounds} rounds");
        foreach (NetworkKind kind in new[] { NetworkKind.ResNet18, NetworkKind.ResNet50 })
        {
            Train(kind);
            foreach (int classes in new[] { 10, 1000 }) Score(kind, classes);
        }
    }

    private static void Train(NetworkKind kind)
    {
        using DisposeScope scope = NewDisposeScope();
        using StagedNetwork network = Create(kind, classes: 10);
        network.SetChannelsLast(true);
        network.train();
        var options = new OptimizerOptions { Kind = OptimizerKind.Sgd, LearningRate = 1e-3, ClipNorm = 0 };
        using var step = new SupervisedStep(network, TrainedPart.All, EmpiricalRisk.Plain, options, []);
        using Optimizer watched = Optimizer.Create(options, network);
        using var generator = new Generator(1, CPU);
        Tensor features = randint(0, 256, [Batch, .. network.Shape.Dimensions], ScalarType.Byte, CPU, generator: generator);
        Tensor labels = randint(0, network.Classes, [Batch], ScalarType.Int64, CPU, generator: generator);
        var batch = new Batch(features, labels, new long[Batch]);
        using var meters = new LossMeters(CPU);
        List<double> steps = [], norms = [], modes = [], walks = [];
        for (int round = 0; round < Rounds; round++)
        {
            steps.Add(TrainingSpeed.Time(() => step.Run(batch, new StepContext(round, 1, meters))));
            meters.Reset();
            nn.functional.cross_entropy(network.call(features), labels).backward();
            norms.Add(TrainingSpeed.Time(() => watched.GradientNorm()));
            watched.ZeroGradients();
            modes.Add(OfCall(() => network.SetBatchNormMode(BatchNormMode.BatchAndStore)));
            walks.Add(OfCall(() =>
            {
                foreach (BatchNorm2d norm in LayerTree.Find<BatchNorm2d>(network)) norm.Mode = BatchNormMode.BatchAndStore;
            }));
        }

        double whole = TrainingSpeed.Median(steps);
        Console.WriteLine(FormattableString.Invariant($"{kind}: a plain step {1e3 * whole:F1} ms; gradients' norm {Share(norms)} of it; ")
            + FormattableString.Invariant($"setting the mode of batch norm {1e6 * TrainingSpeed.Median(modes):F1} µs, {Share(modes)}; ")
            + FormattableString.Invariant($"looking for the layers each time {1e6 * TrainingSpeed.Median(walks):F1} µs, {Share(walks)}"));

        string Share(List<double> times) => FormattableString.Invariant($"{100 * TrainingSpeed.Median(times) / whole:F4} %");
    }

    private static void Score(NetworkKind kind, int classes)
    {
        using DisposeScope scope = NewDisposeScope();
        using StagedNetwork network = Create(kind, classes);
        (OnnxGraph graph, ExportedNetwork exported) = OnnxExporter.Export(network);
        graph.Output(exported.Logits, OnnxExporter.LogitsName, classes);
        graph.Output(exported.ActivationMaps!, "maps", classes, OnnxGraph.AnySize, OnnxGraph.AnySize);
        byte[] bytes = graph.ToBytes();
        using var options = new SessionOptions { IntraOpNumThreads = 1 };
        using InferenceSession with = new(bytes, options), without = new(OnnxGraph.RemoveOutputs(bytes, "maps"), options);
        float[] rows = [.. Enumerable.Range(0, Batch * network.Shape.Size).Select(i => (float)(i % 251))];
        List<double> withTimes = [], withoutTimes = [];
        for (int round = 0; round <= Rounds; round++)
        {
            withTimes.Add(TrainingSpeed.Time(() => Logits(with, rows, network.Shape)));
            withoutTimes.Add(TrainingSpeed.Time(() => Logits(without, rows, network.Shape)));
        }

        double slim = TrainingSpeed.Median(withoutTimes);
        Console.WriteLine(FormattableString.Invariant(
            $"{kind}, {classes,4} classes: scoring {1e3 * slim / Batch:F2} ms a row; ")
            + FormattableString.Invariant($"with maps in the graph {TrainingSpeed.Median(withTimes) / slim:F3} ×"));
    }

    private static StagedNetwork Create(NetworkKind kind, int classes)
    {
        FeatureShape shape = FeatureShape.Image(3, Side, Side);
        return NetworkFactory.Create(new NetworkOptions { Kind = kind }, shape, PixelRange.Bytes, classes, seed: 1, _ => { });
    }

    private static double OfCall(Action action) => TrainingSpeed.Time(() =>
    {
        for (int i = 0; i < Calls; i++) action();
    }) / Calls;

    private static void Logits(InferenceSession session, float[] rows, FeatureShape shape)
    {
        using var run = new RunOptions();
        using OrtValue input = OrtValue.CreateTensorValueFromMemory(rows, [Batch, .. shape.Dimensions]);
        session.Run(run, [OnnxExporter.InputName], [input], [OnnxExporter.LogitsName]).Dispose();
    }
}
