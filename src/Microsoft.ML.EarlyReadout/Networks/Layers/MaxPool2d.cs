using System.Diagnostics.CodeAnalysis;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout.Networks;

/// <summary>Two-dimensional max pooling with a square window.</summary>
/// <remarks>(B, C, H, W) → (B, C, H', W'), H' = ⌊(H + 2·padding − kernel) / stride⌋ + 1, rounded up in ceiling mode.</remarks>
[Experimental(ExperimentalId.OwnNetwork)]
public sealed class MaxPool2d : Layer
{
    private readonly int _kernel;
    private readonly int _stride;
    private readonly int _padding;
    private readonly bool _ceiling;

    /// <summary>Creates the layer.</summary>
    /// <param name="kernel">Height and width of the window in pixels.</param>
    /// <param name="stride">Step of the window in pixels.</param>
    /// <param name="padding">Pixels of −∞ added to each side; at most half the kernel.</param>
    /// <param name="ceiling">Whether a last window that reaches over the edge counts.</param>
    public MaxPool2d(int kernel, int stride, int padding = 0, bool ceiling = false) : base("max_pool")
    {
        _kernel = kernel;
        _stride = stride;
        _padding = padding;
        _ceiling = ceiling;
    }

    /// <inheritdoc/>
    public override Tensor forward(Tensor input) => nn.functional.max_pool2d(input, _kernel, _stride, _padding, ceil_mode: _ceiling);

    /// <inheritdoc/>
    public override string Export(OnnxGraph graph, string input)
    {
        ArgumentNullException.ThrowIfNull(graph);
        List<(string, object)> attributes = [
            ("kernel_shape", new[] { _kernel, _kernel }),
            ("strides", new[] { _stride, _stride }),
            ("pads", new[] { _padding, _padding, _padding, _padding })];
        if (_ceiling) attributes.Add(("ceil_mode", 1)); // older versions of the operator lack it
        return graph.Node("MaxPool", [input], [.. attributes]);
    }
}
