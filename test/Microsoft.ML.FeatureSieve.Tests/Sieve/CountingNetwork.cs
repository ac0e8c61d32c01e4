using Microsoft.ML.EarlyReadout;
using static TorchSharp.torch;

namespace MLSieve.Tests;

/// <summary>A three-stage network of vectors that counts how often each stage runs.</summary>
internal sealed class CountingNetwork : StagedNetwork
{
    private readonly CountingLayer[] _counters = [new(), new(), new()];

    public CountingNetwork() : base("counting", FeatureShape.Vector(6), classes: 3)
    {
        for (int stage = 1; stage <= 3; stage++)
            AddStage($"block{stage}", Register($"stage{stage}", new Linear(stage == 1 ? 6 : 8, 8)), new Relu(), _counters[stage - 1]);
        SetHead("classifier", Register("head", new Linear(8, 3)));
        using var generator = new Generator(1, CPU);
        Initialize(generator);
    }

    /// <summary>Rows for it: the greatest of the first three numbers is the label.</summary>
    public static Batch Rows(int seed)
    {
        using var generator = new Generator((ulong)seed + 100, CPU);
        Tensor features = randn([16, 6], generator: generator); // (B, F)
        return new Batch(features, features.narrow(1, 0, 3).argmax(1), new long[16]);
    }

    /// <summary>Copies of all that is trained of it and of a readout, by name.</summary>
    public Dictionary<string, Tensor> ParametersWith(TappedReadout readout) => named_parameters()
        .Concat(readout.Head.named_parameters().Select(entry => (name: $"readout {entry.name}", entry.parameter)))
        .ToDictionary(entry => entry.name, entry => entry.parameter.clone());

    public void StartCounting()
    {
        foreach (CountingLayer counter in _counters) counter.Runs = 0;
    }

    public int[] Runs => [.. _counters.Select(counter => counter.Runs)];

    private sealed class CountingLayer() : Layer("counting")
    {
        public int Runs { get; set; }

        public override Tensor forward(Tensor input)
        {
            Runs++;
            return input.alias();
        }

        public override string Export(OnnxGraph graph, string input) => input;
    }
}
