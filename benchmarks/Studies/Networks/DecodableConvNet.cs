using Microsoft.ML.EarlyReadout;
using Microsoft.ML.EarlyReadout.Networks;

namespace Studies;

/// <summary>
/// A <see cref="ConvNet"/> whose exported graph also puts out each stage, averaged over the image: (N, channels), named <see
/// cref="Output"/>.
/// </summary>
internal sealed class DecodableConvNet : StagedNetwork
{
    /// <param name="shape">The shape of one image.</param>
    /// <param name="channels">Channels of each stage.</param>
    /// <param name="classes">The number of classes.</param>
    public DecodableConvNet(FeatureShape shape, IReadOnlyList<int> channels, int classes) : base(nameof(DecodableConvNet), shape, classes)
    {
        RequireImage(nameof(DecodableConvNet), shape, 1 << channels.Count);
        int width = shape.Channels;
        foreach ((int k, int outputs) in channels.Index())
        {
            AddStage(
                FormattableString.Invariant($"stage{k + 1}"),
                new Conv2d(width, outputs, 3, padding: 1, bias: false), new BatchNorm2d(outputs), new Relu(), new MaxPool2d(2, 2),
                new StageOutput(Output(k + 1), outputs));
            width = outputs;
        }

        SetHead("head", new GlobalAveragePool(), new Linear(width, classes));
    }

    /// <summary>The name of the output of a stage, from 1.</summary>
    public static string Output(int stage) => FormattableString.Invariant($"Stage{stage}");
}
