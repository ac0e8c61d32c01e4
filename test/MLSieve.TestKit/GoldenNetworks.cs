using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

/// <summary>The golden run's Mlp, put together as a user would: 8 → 16 → 16 → 16 → 3.</summary>
internal sealed class GoldenMlp : StagedNetwork
{
    public GoldenMlp() : base("golden mlp", FeatureShape.Vector(8), classes: 3)
    {
        int width = 8;
        for (int stage = 1; stage <= 3; stage++)
        {
            AddStage($"block{stage}", Register($"stage{stage}", new Linear(width, 16)), new Relu());
            width = 16;
        }

        SetHead("classifier", Register("head", new Linear(16, 3)));
    }
}

/// <summary>The golden run's convolution network: 3×12×12 → 8 → 16 → 16 → 4.</summary>
internal sealed class GoldenConvNet : StagedNetwork
{
    public GoldenConvNet() : base("golden convnet", FeatureShape.Image(3, 12, 12), classes: 4)
    {
        int channels = 3;
        foreach ((int stage, int width) in new[] { (1, 8), (2, 16), (3, 16) })
        {
            AddStage(
                $"block{stage}",
                Register($"stage{stage}.conv", new Conv2d(channels, width, 3, padding: 1, bias: false)),
                Register($"stage{stage}.bn", new BatchNorm2d(width)),
                new Relu(),
                new MaxPool2d(2, 2));
            channels = width;
        }

        SetHead("classifier", new GlobalAveragePool(), Register("head", new Linear(16, 4)));
    }
}
