using System.Diagnostics.CodeAnalysis;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout.Networks;

/// <summary>
/// One layer of BERT: self-attention, then two linear layers with GELU between them, each with dropout, a shortcut and layer norm after it.
/// </summary>
/// <remarks>
/// (B, L, H), zero where padded → (B, L, H), zero where padded. Parameters as Hugging Face names them: <c>attention.self.query</c>,
/// <c>attention.output.dense</c>, <c>attention.output.LayerNorm</c>, <c>intermediate.dense</c>, <c>output.dense</c>,
/// <c>output.LayerNorm</c>.
/// </remarks>
[Experimental(ExperimentalId.OwnNetwork)]
public sealed class TransformerLayer : Layer
{
    private readonly Gelu _gelu = new();

    [ComponentName(Name = "attention")]
    private readonly AttentionPart _attention;

    [ComponentName(Name = "intermediate")]
    private readonly WideningPart _intermediate;

    [ComponentName(Name = "output")]
    private readonly OutputPart _output;

    /// <summary>Creates the layer; <see cref="Layer.Initialize"/> draws its weights.</summary>
    /// <param name="size">H.</param>
    /// <param name="heads">Heads of attention, a divisor of H.</param>
    /// <param name="inner">Numbers between the two linear layers.</param>
    /// <param name="dropout">The probability of 0.</param>
    /// <exception cref="ArgumentException">H is no multiple of the heads.</exception>
    public TransformerLayer(int size, int heads, int inner, double dropout) : base("transformer_layer")
    {
        _attention = new AttentionPart(size, heads, dropout);
        _intermediate = new WideningPart(size, inner);
        _output = new OutputPart(inner, size, dropout);
        RegisterComponents();
    }

    /// <inheritdoc/>
    public override Tensor forward(Tensor input)
    {
        Tensor attended = _attention.Output.Add(_attention.Self.call(input), input); // (B, L, H)
        Tensor wide = _gelu.call(_intermediate.Dense.call(attended)); // (B, L, inner)
        return _output.Add(wide, attended).mul(TokenMask.Of(input).unsqueeze(-1));
    }

    /// <inheritdoc/>
    public override string Export(OnnxGraph graph, string input)
    {
        ArgumentNullException.ThrowIfNull(graph);
        string attended = _attention.Output.Export(graph, _attention.Self.Export(graph, input), input); // (N, L, H)
        string wide = _gelu.Export(graph, _intermediate.Dense.ExportForEachToken(graph, attended));
        return graph.Node("Mul", [_output.Export(graph, wide, attended), TokenMask.Export(graph, input)]);
    }

    /// <inheritdoc/>
    public override void Initialize(Generator generator)
    {
        _attention.Self.Initialize(generator);
        _attention.Output.Initialize(generator);
        _intermediate.Dense.Initialize(generator);
        _output.Initialize(generator);
    }

    // The parts are only there for the names of their parameters.
    private sealed class AttentionPart : nn.Module
    {
        [ComponentName(Name = "self")]
        public readonly SelfAttention Self;

        [ComponentName(Name = "output")]
        public readonly OutputPart Output;

        public AttentionPart(int size, int heads, double dropout) : base("attention")
        {
            Self = new SelfAttention(size, heads, dropout);
            Output = new OutputPart(size, size, dropout);
            RegisterComponents();
        }
    }

    private sealed class WideningPart : nn.Module
    {
        [ComponentName(Name = "dense")]
        public readonly Linear Dense;

        public WideningPart(int size, int inner) : base("intermediate")
        {
            Dense = new Linear(size, inner);
            RegisterComponents();
        }
    }

    /// <summary>norm(shortcut + dropout(dense(x))).</summary>
    private sealed class OutputPart : nn.Module
    {
        [ComponentName(Name = "dense")]
        private readonly Linear _dense;

        [ComponentName(Name = "LayerNorm")]
        private readonly LayerNorm _norm;

        [ComponentName(Name = "dropout")]
        private readonly Dropout _dropout;

        public OutputPart(int inputs, int size, double dropout) : base("output")
        {
            _dense = new Linear(inputs, size);
            _norm = new LayerNorm(size);
            _dropout = new Dropout(dropout);
            RegisterComponents();
        }

        public Tensor Add(Tensor input, Tensor shortcut) => _norm.call(shortcut.add(_dropout.call(_dense.call(input)), Scalars.One));

        public string Export(OnnxGraph graph, string input, string shortcut) =>
            _norm.Export(graph, graph.Node("Add", [_dense.ExportForEachToken(graph, input), shortcut]));

        public void Initialize(Generator generator)
        {
            _dense.Initialize(generator);
            _norm.Initialize(generator);
            _dropout.Initialize(generator);
        }
    }
}
