using System.Diagnostics.CodeAnalysis;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout.Networks;

/// <summary>
/// Multi-head self-attention: each token reads a mean of all tokens' values, weighted by <c>softmax(q·kᵀ/√d)</c> in each head. Padding is
/// not read.
/// </summary>
/// <remarks>
/// (B, L, H), zero where padded → (B, L, H). Parameters: <c>query</c>, <c>key</c>, <c>value</c>, each with weight and bias. Vaswani et
/// al., "Attention Is All You Need", NeurIPS 2017.
/// </remarks>
[Experimental(ExperimentalId.OwnNetwork)]
public sealed class SelfAttention : Layer
{
    private const float Unseen = -10000; // e to it is 0 in float32

    [ComponentName(Name = "query")]
    private readonly Linear _query;

    [ComponentName(Name = "key")]
    private readonly Linear _key;

    [ComponentName(Name = "value")]
    private readonly Linear _value;

    [ComponentName(Name = "dropout")]
    private readonly Dropout _dropout;

    private readonly int _heads;
    private readonly int _headSize;

    /// <summary>Creates the layer; <see cref="Layer.Initialize"/> draws its weights.</summary>
    /// <param name="size">H.</param>
    /// <param name="heads">Heads, a divisor of H.</param>
    /// <param name="dropout">The probability of 0 of a token's weight.</param>
    /// <exception cref="ArgumentException">H is no multiple of the heads.</exception>
    public SelfAttention(int size, int heads, double dropout) : base("self_attention")
    {
        if (heads < 1 || size % heads != 0)
            throw new ArgumentException($"{heads} heads cannot share {size} numbers; give a divisor.", nameof(heads));
        (_heads, _headSize) = (heads, size / heads);
        _query = new Linear(size, size);
        _key = new Linear(size, size);
        _value = new Linear(size, size);
        _dropout = new Dropout(dropout);
        RegisterComponents();
    }

    /// <inheritdoc/>
    public override Tensor forward(Tensor input)
    {
        ArgumentNullException.ThrowIfNull(input);
        Tensor query = Split(_query.call(input)), key = Split(_key.call(input)), value = Split(_value.call(input)); // (B, A, L, H/A)
        Tensor padding = TokenMask.Of(input).logical_not().unsqueeze(1).unsqueeze(1); // (B, 1, 1, L)
        Tensor scores = query.matmul(key.transpose(-2, -1)).to(ScalarType.Float32).mul(Scalars.Of(1 / Math.Sqrt(_headSize)));
        Tensor weights = nn.functional.softmax(scores.masked_fill(padding, Scalars.Of(Unseen)), -1); // (B, A, L, L)
        Tensor read = _dropout.call(weights).to(value.dtype).matmul(value); // (B, A, L, H/A)
        return read.transpose(1, 2).reshape(input.shape); // (B, L, H)
    }

    /// <inheritdoc/>
    public override string Export(OnnxGraph graph, string input)
    {
        ArgumentNullException.ThrowIfNull(graph);
        string shape = graph.Constant("heads", [0L, 0L, _heads, _headSize], 4);
        string query = Split(_query, 0, 2, 1, 3), key = Split(_key, 0, 2, 3, 1), value = Split(_value, 0, 2, 1, 3);
        string scores = graph.Node("Div", [graph.Node("MatMul", [query, key]), graph.Constant("root", [MathF.Sqrt(_headSize)])]);
        string isToken = graph.Node("Reshape", [TokenMask.Export(graph, input), graph.Constant("seen", [0L, 1L, 1L, -1L], 4)]);
        string unseen = graph.Node("Mul",
            [graph.Node("Sub", [graph.Constant("one", [1f]), isToken]), graph.Constant("unseen", [Unseen])]); // (N, 1, 1, L)
        string weights = graph.Node("Softmax", [graph.Node("Add", [scores, unseen])], ("axis", 3));
        string read = graph.Node("Transpose", [graph.Node("MatMul", [weights, value])], ("perm", new long[] { 0, 2, 1, 3 }));
        return graph.Node("Reshape", [read, graph.Constant("joined", [0L, 0L, _heads * _headSize], 3)]);

        string Split(Linear layer, params long[] order) =>
            graph.Node("Transpose", [graph.Node("Reshape", [layer.ExportForEachToken(graph, input), shape])], ("perm", order));
    }

    private Tensor Split(Tensor all) => all.view(all.size(0), all.size(1), _heads, _headSize).transpose(1, 2);
}
