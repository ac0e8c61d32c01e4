using System.Diagnostics.CodeAnalysis;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout.Networks;

/// <summary>All dimensions but the batch as one.</summary>
/// <remarks>(B, C, H, W) → (B, C·H·W).</remarks>
[Experimental(ExperimentalId.OwnNetwork)]
public sealed class Flatten : Layer
{
    /// <summary>Creates the layer.</summary>
    public Flatten() : base("flatten") { }

    /// <inheritdoc/>
    public override Tensor forward(Tensor input) => input.flatten(1);

    /// <inheritdoc/>
    public override string Export(OnnxGraph graph, string input) => graph.Node("Flatten", [input], ("axis", 1));
}
