using Microsoft.ML.EarlyReadout;
using Microsoft.ML.EarlyReadout.Networks;
using static TorchSharp.torch;

namespace Studies;

/// <summary>Changes nothing; in the exported graph it makes what it reads, averaged over the image, an output of its own.</summary>
/// <param name="output">The output's name.</param>
/// <param name="channels">Channels of what it reads.</param>
internal sealed class StageOutput(string output, int channels) : Layer("stage output")
{
    /// <inheritdoc/>
    public override Tensor forward(Tensor input) => input; // (B, C, H, W)

    /// <inheritdoc/>
    public override string Export(OnnxGraph graph, string input)
    {
        graph.Output(graph.Node("Flatten", [graph.Node("GlobalAveragePool", [input])], ("axis", 1)), output, channels);
        return input;
    }
}
