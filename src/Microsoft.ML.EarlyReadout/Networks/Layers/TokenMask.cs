using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// Which tokens of a text encoder's values are no padding. A padded token is all zeros in what the embeddings and every stage put out, so
/// the values themselves tell it, and layers need no second input.
/// </summary>
internal static class TokenMask
{
    /// <summary>Where tokens are: (B, L, H) → (B, L), bool.</summary>
    public static Tensor Of(Tensor tokens)
    {
        using IDisposable noGrad = no_grad();
        return tokens.detach().ne(Scalars.Zero).any(-1);
    }

    /// <summary>Adds the nodes of <see cref="Of"/>: (N, L, H) → (N, L, 1), float32, 1 where a token is and 0 where not.</summary>
    public static string Export(OnnxGraph graph, string tokens)
    {
        string largest = graph.Node("ReduceMax", [graph.Node("Abs", [tokens])], ("axes", new long[] { -1 }), ("keepdims", 1));
        return graph.Node("Sign", [largest]);
    }
}
