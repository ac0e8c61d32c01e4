using System.Diagnostics.CodeAnalysis;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout.Networks;

/// <summary>The residual block of ResNet-18 and -34: relu(bn2(conv2(relu(bn1(conv1(x))))) + shortcut(x)), 3×3 convolutions.</summary>
/// <remarks>
/// (B, C, H, W) → (B, C', ⌈H/stride⌉, ⌈W/stride⌉). The shortcut is x, or a 1×1 convolution with batch norm where the shapes differ.
/// </remarks>
[Experimental(ExperimentalId.OwnNetwork)]
public sealed class BasicBlock : Layer
{
    [ComponentName(Name = "conv1")]
    private readonly Conv2d _conv1;

    [ComponentName(Name = "bn1")]
    private readonly BatchNorm2d _bn1;

    [ComponentName(Name = "conv2")]
    private readonly Conv2d _conv2;

    [ComponentName(Name = "bn2")]
    private readonly BatchNorm2d _bn2;

    [ComponentName(Name = "downsample")]
    private readonly Sequence? _downsample;

    private readonly bool _shortcut;

    /// <summary>Creates the block.</summary>
    /// <param name="inputs">Channels that it reads.</param>
    /// <param name="outputs">Channels that it puts out.</param>
    /// <param name="stride">Stride of the first convolution.</param>
    /// <param name="shortcut">Whether the input is added; without, the block is a plain pair of convolutions.</param>
    public BasicBlock(int inputs, int outputs, int stride = 1, bool shortcut = true) : base("basic_block")
    {
        _conv1 = new Conv2d(inputs, outputs, 3, stride, padding: 1, bias: false);
        _bn1 = new BatchNorm2d(outputs);
        _conv2 = new Conv2d(outputs, outputs, 3, padding: 1, bias: false);
        _bn2 = new BatchNorm2d(outputs);
        _shortcut = shortcut;
        if (shortcut && (stride != 1 || inputs != outputs))
            _downsample = new Sequence(new Conv2d(inputs, outputs, 1, stride, bias: false), new BatchNorm2d(outputs));
        RegisterComponents();
    }

    /// <inheritdoc/>
    public override Tensor forward(Tensor input)
    {
        Tensor x = _bn1.call(_conv1.call(input)).relu_(); // (B, C', H', W')
        x = _bn2.call(_conv2.call(x));
        if (_shortcut) x = x.add_(_downsample?.call(input) ?? input, Scalars.One);
        return x.relu_();
    }

    /// <inheritdoc/>
    public override string Export(OnnxGraph graph, string input)
    {
        string x = _conv2.Export(graph, graph.Node("Relu", [_conv1.Export(graph, input, _bn1)]), _bn2);
        if (_shortcut) x = graph.Node("Add", [x, _downsample?.Export(graph, input) ?? input]);
        return graph.Node("Relu", [x]);
    }
}
