using Microsoft.ML.EarlyReadout;
using static TorchSharp.torch;

namespace MLSieve.Tests;

/// <summary>A three-stage network of vectors that counts how often each stage runs.</summary>
internal sealed class CountingNetwork : StagedNetwork
{
    private readonly CountingLayer[] _counters = [new(), new(), new()];

    public CountingNetwork(ulong seed = 1) : base("counting", FeatureShape.Vector(6), classes: 3)
    {
        for (int stage = 1; stage <= 3; stage++)
            AddStage($"block{stage}", Register($"stage{stage}", new Linear(stage == 1 ? 6 : 8, 8)), new Relu(), _counters[stage - 1]);
        SetHead("classifier", Register("head", new Linear(8, 3)));
        using var generator = new Generator(seed, CPU);
        Initialize(generator);
    }

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
