using Microsoft.ML.EarlyReadout;
using Studies;
using TorchSharp;
using static TorchSharp.torch;

namespace MLSieve.Tests;

/// <summary>
/// A network of images of 1 × 8 × 4 that is known through and through: its first stage sees all of an image, its second the upper half.
/// </summary>
internal sealed class HalfBlind : StagedNetwork
{
    public HalfBlind(FeatureShape shape, int classes) : base(nameof(HalfBlind), shape, classes)
    {
        AddStage("all", new Halves());
        AddStage("upper", new UpperAlone());
        SetHead("head", new GlobalAveragePool(), new Linear(2, classes));
    }

    /// <summary>(B, 1, 8, 4) → (B, 2, 4, 4): a channel a half.</summary>
    private sealed class Halves() : Layer("halves")
    {
        public override Tensor forward(Tensor input) => input.reshape(-1, 2, 4, 4);

        public override string Export(OnnxGraph graph, string input) =>
            graph.Node("Reshape", [input, graph.Constant("halves", [-1L, 2, 4, 4], 4)]);
    }

    /// <summary>Makes the second channel zero.</summary>
    private sealed class UpperAlone() : Layer("upper alone")
    {
        public override Tensor forward(Tensor input) => input * tensor([1f, 0f]).reshape(1, 2, 1, 1);

        public override string Export(OnnxGraph graph, string input) =>
            graph.Node("Mul", [input, graph.Constant("mask", [1f, 0f], 1, 2, 1, 1)]);
    }
}
