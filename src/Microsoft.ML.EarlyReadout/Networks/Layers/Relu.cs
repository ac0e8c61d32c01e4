using System.Diagnostics.CodeAnalysis;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout.Networks;

/// <summary>The rectifier max(x, 0), for any shape.</summary>
[Experimental(ExperimentalId.OwnNetwork)]
public sealed class Relu : Layer
{
    /// <summary>Creates the layer.</summary>
    public Relu() : base("relu") { }

    /// <inheritdoc/>
    public override Tensor forward(Tensor input) => input.relu(); // not in place: the input may be a tap that a readout reads too

    /// <inheritdoc/>
    public override string Export(OnnxGraph graph, string input) => graph.Node("Relu", [input]);
}
