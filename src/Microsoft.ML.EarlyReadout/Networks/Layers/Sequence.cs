using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout.Networks;

/// <summary>Layers one after another, named 0, 1, …</summary>
[Experimental(ExperimentalId.OwnNetwork)]
public sealed class Sequence : Layer
{
    private readonly Layer[] _layers;

    /// <summary>Creates the sequence.</summary>
    /// <param name="layers">The layers in order.</param>
    public Sequence(params Layer[] layers) : base("sequence")
    {
        ArgumentNullException.ThrowIfNull(layers);
        _layers = [.. layers];
        for (int i = 0; i < layers.Length; i++) register_module(i.ToString(CultureInfo.InvariantCulture), layers[i]);
    }

    /// <inheritdoc/>
    public override Tensor forward(Tensor input) => _layers.Aggregate(input, (value, layer) => layer.call(value));

    /// <inheritdoc/>
    public override string Export(OnnxGraph graph, string input) => Export(graph, _layers, input);

    /// <summary>Exports layers one after another; a batch norm that follows a convolution becomes part of it.</summary>
    internal static string Export(OnnxGraph graph, IReadOnlyList<Layer> layers, string input)
    {
        string value = input;
        for (int i = 0; i < layers.Count; i++)
        {
            value = i + 1 < layers.Count && layers[i] is Conv2d convolution && layers[i + 1] is BatchNorm2d norm
                ? convolution.Export(graph, value, norm)
                : layers[i].Export(graph, value);
            if (layers[i] is Conv2d && i + 1 < layers.Count && layers[i + 1] is BatchNorm2d) i++;
        }
        return value;
    }
}
