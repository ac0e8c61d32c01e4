using System.Diagnostics.CodeAnalysis;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout.Networks;

/// <summary>The Gaussian error linear unit, <c>x · Φ(x)</c>, by the error function itself as in BERT.</summary>
/// <remarks>Any shape; the same comes out. Hendrycks and Gimpel, "Gaussian Error Linear Units", 2016.</remarks>
[Experimental(ExperimentalId.OwnNetwork)]
public sealed class Gelu : Layer
{
    /// <summary>Creates the layer.</summary>
    public Gelu() : base("gelu") { }

    /// <inheritdoc/>
    public override Tensor forward(Tensor input) => nn.functional.gelu(input);

    /// <inheritdoc/>
    public override string Export(OnnxGraph graph, string input)
    {
        ArgumentNullException.ThrowIfNull(graph);
        // In the form that ONNX Runtime fuses into one node.
        string erf = graph.Node("Erf", [graph.Node("Div", [input, graph.Constant("root_of_two", [MathF.Sqrt(2)])])]);
        string twice = graph.Node("Mul", [input, graph.Node("Add", [erf, graph.Constant("one", [1f])])]);
        return graph.Node("Mul", [twice, graph.Constant("half", [0.5f])]);
    }
}
