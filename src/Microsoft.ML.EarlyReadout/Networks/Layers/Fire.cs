using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>SqueezeNet's block: a 1×1 convolution to few channels, then a 1×1 and a 3×3 convolution side by side, each with ReLU.</summary>
/// <remarks>(B, C, H, W) → (B, 2·expand, H, W).</remarks>
internal sealed class Fire : Layer
{
    [ComponentName(Name = "squeeze")]
    private readonly Conv2d _squeeze;

    [ComponentName(Name = "expand1x1")]
    private readonly Conv2d _expand1x1;

    [ComponentName(Name = "expand3x3")]
    private readonly Conv2d _expand3x3;

    /// <summary>Creates the block.</summary>
    /// <param name="inputs">Channels that it reads.</param>
    /// <param name="squeeze">Channels of the first convolution.</param>
    /// <param name="expand">Channels of each of the two convolutions side by side.</param>
    public Fire(int inputs, int squeeze, int expand) : base("fire")
    {
        _squeeze = new Conv2d(inputs, squeeze, 1);
        _expand1x1 = new Conv2d(squeeze, expand, 1);
        _expand3x3 = new Conv2d(squeeze, expand, 3, padding: 1);
        RegisterComponents();
    }

    /// <inheritdoc/>
    public override Tensor forward(Tensor input)
    {
        Tensor x = _squeeze.call(input).relu_(); // (B, squeeze, H, W)
        return cat([_expand1x1.call(x).relu_(), _expand3x3.call(x).relu_()], 1); // (B, 2·expand, H, W)
    }

    /// <inheritdoc/>
    public override string Export(OnnxGraph graph, string input)
    {
        string x = graph.Node("Relu", [_squeeze.Export(graph, input)]);
        string one = graph.Node("Relu", [_expand1x1.Export(graph, x)]);
        string three = graph.Node("Relu", [_expand3x3.Export(graph, x)]);
        return graph.Node("Concat", [one, three], ("axis", 1));
    }
}
