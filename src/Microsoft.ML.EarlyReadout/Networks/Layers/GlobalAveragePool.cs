using System.Diagnostics.CodeAnalysis;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout.Networks;

/// <summary>The mean of each channel over the image, in float32.</summary>
/// <remarks>(B, C, H, W) → (B, C).</remarks>
[Experimental(ExperimentalId.OwnNetwork)]
public sealed class GlobalAveragePool : Layer
{
    /// <summary>Creates the layer.</summary>
    public GlobalAveragePool() : base("global_average_pool") { }

    /// <inheritdoc/>
    public override Tensor forward(Tensor input) => input.mean([2, 3], type: ScalarType.Float32); // (B, C)

    /// <inheritdoc/>
    public override string Export(OnnxGraph graph, string input) =>
        graph.Node("Flatten", [graph.Node("GlobalAveragePool", [input])], ("axis", 1));
}
