using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// The residual block of ResNet-50: 1×1, 3×3 (with the stride) and 1×1 convolution, each with batch norm, plus shortcut, then ReLU.
/// </summary>
/// <remarks>
/// (B, C, H, W) → (B, 4·width, ⌈H/stride⌉, ⌈W/stride⌉). The shortcut is x, or a 1×1 convolution with batch norm where the shapes differ.
/// </remarks>
internal sealed class Bottleneck : Layer
{
    internal const int Expansion = 4;

    [ComponentName(Name = "conv1")]
    private readonly Conv2d _conv1;

    [ComponentName(Name = "bn1")]
    private readonly BatchNorm2d _bn1;

    [ComponentName(Name = "conv2")]
    private readonly Conv2d _conv2;

    [ComponentName(Name = "bn2")]
    private readonly BatchNorm2d _bn2;

    [ComponentName(Name = "conv3")]
    private readonly Conv2d _conv3;

    [ComponentName(Name = "bn3")]
    private readonly BatchNorm2d _bn3;

    [ComponentName(Name = "downsample")]
    private readonly Sequence? _downsample;

    /// <summary>Creates the block.</summary>
    /// <param name="inputs">Channels that it reads.</param>
    /// <param name="width">Channels of its two inner convolutions; it puts out four times as many.</param>
    /// <param name="stride">Stride of the 3×3 convolution.</param>
    public Bottleneck(int inputs, int width, int stride = 1) : base("bottleneck")
    {
        int outputs = Expansion * width;
        _conv1 = new Conv2d(inputs, width, 1, bias: false);
        _bn1 = new BatchNorm2d(width);
        _conv2 = new Conv2d(width, width, 3, stride, padding: 1, bias: false);
        _bn2 = new BatchNorm2d(width);
        _conv3 = new Conv2d(width, outputs, 1, bias: false);
        _bn3 = new BatchNorm2d(outputs);
        if (stride != 1 || inputs != outputs)
            _downsample = new Sequence(new Conv2d(inputs, outputs, 1, stride, bias: false), new BatchNorm2d(outputs));
        RegisterComponents();
    }

    /// <inheritdoc/>
    public override Tensor forward(Tensor input)
    {
        Tensor x = _bn1.call(_conv1.call(input)).relu_(); // (B, width, H, W)
        x = _bn2.call(_conv2.call(x)).relu_(); // (B, width, H', W')
        x = _bn3.call(_conv3.call(x)); // (B, 4·width, H', W')
        return x.add_(_downsample?.call(input) ?? input, Scalars.One).relu_();
    }

    /// <inheritdoc/>
    public override string Export(OnnxGraph graph, string input)
    {
        string x = graph.Node("Relu", [_conv1.Export(graph, input, _bn1)]);
        x = graph.Node("Relu", [_conv2.Export(graph, x, _bn2)]);
        x = _conv3.Export(graph, x, _bn3);
        return graph.Node("Relu", [graph.Node("Add", [x, _downsample?.Export(graph, input) ?? input])]);
    }
}
