using System.Diagnostics.CodeAnalysis;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout.Networks;

/// <summary>
/// What BERT reads of tokens: the sum of the embeddings of word, position and, in BERT but not in DistilBERT, of the text of a pair that it
/// is in; then layer norm and dropout. Padding becomes zeros.
/// </summary>
/// <remarks>
/// (B, L), 0 where padded → (B, L, H). Parameters: <c>word_embeddings.weight</c>, <c>position_embeddings.weight</c>,
/// <c>token_type_embeddings.weight</c>, <c>LayerNorm.weight</c>, <c>LayerNorm.bias</c>. Devlin et al., "BERT", NAACL 2019.
/// </remarks>
[Experimental(ExperimentalId.OwnNetwork)]
public sealed class TokenEmbeddings : Layer
{
    [ComponentName(Name = "word_embeddings")]
    private readonly Embedding _words;

    [ComponentName(Name = "position_embeddings")]
    private readonly Embedding _positions;

    [ComponentName(Name = "token_type_embeddings")]
    private readonly Embedding? _types;

    [ComponentName(Name = "LayerNorm")]
    private readonly LayerNorm _norm;

    [ComponentName(Name = "dropout")]
    private readonly Dropout _dropout;

    private readonly int _separator;

    /// <summary>Creates the layer; <see cref="Layer.Initialize"/> draws its weights.</summary>
    /// <param name="vocabulary">Tokens in the vocabulary; 0 is the padding.</param>
    /// <param name="size">H.</param>
    /// <param name="positions">The most tokens that a row may have.</param>
    /// <param name="types">How many embeddings of token types there are: 2 in BERT, none in DistilBERT.</param>
    /// <param name="separator">The token that ends each text, [SEP]: what comes after the first is of the second text.</param>
    /// <param name="dropout">The probability of 0.</param>
    public TokenEmbeddings(int vocabulary, int size, int positions, int types, int separator, double dropout) : base("token_embeddings")
    {
        _separator = separator;
        _words = new Embedding(vocabulary, size);
        _positions = new Embedding(positions, size);
        _types = types > 0 ? new Embedding(types, size) : null;
        _norm = new LayerNorm(size);
        _dropout = new Dropout(dropout);
        RegisterComponents();
    }

    /// <inheritdoc/>
    public override Tensor forward(Tensor input)
    {
        Tensor ids = input.to(ScalarType.Int64); // (B, L)
        Tensor sum = _words.call(ids).add(_positions.First(ids.size(1)), Scalars.One); // (B, L, H)
        if (_types is not null) sum = sum.add(_types.call(TypesOf(ids)), Scalars.One);
        return _dropout.call(_norm.call(sum)).mul(ids.ne(Scalars.Zero).unsqueeze(-1));
    }

    /// <inheritdoc/>
    public override string Export(OnnxGraph graph, string input)
    {
        ArgumentNullException.ThrowIfNull(graph);
        string ids = graph.Node("Cast", [input], ("to", ElementType.Int64)); // (N, L)
        string axis = graph.Constant("axis", [1L]);
        string sum = _words.Export(graph, ids); // (N, L, H)
        if (_types is not null)
        {
            string isSeparator = graph.Node("Equal", [ids, graph.Constant("separator", [(long)_separator])]);
            string separators = graph.Node("Cast", [isSeparator], ("to", ElementType.Int64));
            string before = graph.Node("CumSum", [separators, axis], ("exclusive", 1));
            sum = graph.Node("Add", [sum, _types.Export(graph, graph.Node("Min", [before, graph.Constant("one", [1L])]))]);
        }

        string ones = graph.Node("Add", [graph.Node("Sub", [ids, ids]), graph.Constant("one", [1L])]); // of any length
        string positions = graph.Node("CumSum", [ones, axis], ("exclusive", 1)); // 0, 1, …
        sum = graph.Node("Add", [sum, _positions.Export(graph, positions)]);
        string isToken = graph.Node("Cast", [graph.Node("Greater", [ids, graph.Constant("padding", [0L])])], ("to", ElementType.Float32));
        string mask = graph.Node("Unsqueeze", [isToken, graph.Constant("axes", [2L], 1)]); // (N, L, 1)
        return graph.Node("Mul", [_norm.Export(graph, sum), mask]);
    }

    /// <summary>0 up to the first separator, 1 after it. Padding after a single text gets 1 too: it is masked.</summary>
    private Tensor TypesOf(Tensor ids)
    {
        Tensor separators = ids.eq(Scalars.Whole(_separator)).to(ScalarType.Int64); // (B, L)
        return separators.cumsum(1).sub(separators).clamp(max: Scalars.One);
    }
}
