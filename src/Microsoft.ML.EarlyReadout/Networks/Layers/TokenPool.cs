using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout.Networks;

/// <summary>A text's vector: the mean of its tokens' vectors, or that of its first token.</summary>
/// <remarks>(B, L, H), zero where padded → (B, H).</remarks>
[Experimental(ExperimentalId.OwnNetwork)]
public sealed class TokenPool : Layer
{
    private readonly TokenPooling _pooling;

    /// <summary>Creates the layer.</summary>
    /// <param name="pooling">What it takes.</param>
    public TokenPool(TokenPooling pooling) : base("token_pool") => _pooling = pooling;

    /// <inheritdoc/>
    public override Tensor forward(Tensor input)
    {
        ArgumentNullException.ThrowIfNull(input);
        return _pooling switch
        {
            TokenPooling.Mean => input.sum(1).div(TokenMask.Of(input).sum(1, keepdim: true).to(ScalarType.Float32)),
            TokenPooling.First => input.select(1, 0),
            _ => throw new UnreachableException($"No pooling {_pooling}."),
        };
    }

    /// <inheritdoc/>
    public override string Export(OnnxGraph graph, string input)
    {
        ArgumentNullException.ThrowIfNull(graph);
        switch (_pooling)
        {
            case TokenPooling.Mean:
                string axis = graph.Constant("axis", [1L], 1);
                string sum = graph.Node("ReduceSum", [input, axis], ("keepdims", 0)); // (N, H)
                return graph.Node("Div", [sum, graph.Node("ReduceSum", [TokenMask.Export(graph, input), axis], ("keepdims", 0))]);
            case TokenPooling.First:
                return graph.Node("Gather", [input, graph.Constant("first", [0L])], ("axis", 1));
            default:
                throw new UnreachableException($"No pooling {_pooling}.");
        }
    }
}
