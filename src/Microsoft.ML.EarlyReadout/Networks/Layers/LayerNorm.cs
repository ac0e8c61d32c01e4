using System.Diagnostics.CodeAnalysis;
using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout.Networks;

/// <summary>Layer norm over the last dimension, in float32: <c>weight · (x − mean) / √(variance + ε) + bias</c>.</summary>
/// <remarks>(…, D) → (…, D). Ba et al., "Layer Normalization", 2016.</remarks>
[Experimental(ExperimentalId.OwnNetwork)]
public sealed class LayerNorm : Layer
{
    private const double Epsilon = 1e-12; // BERT's
    private readonly long[] _size;

    [ComponentName(Name = "weight")]
    private Parameter _weight; // (D)

    [ComponentName(Name = "bias")]
    private Parameter _bias; // (D)

    /// <summary>Creates the layer; <see cref="Initialize"/> sets its weights.</summary>
    /// <param name="size">D.</param>
    public LayerNorm(int size) : base("layer_norm")
    {
        _size = [size];
        _weight = new Parameter(ones(size, float32, CPU));
        _bias = new Parameter(zeros(size, float32, CPU));
        RegisterComponents();
    }

    /// <inheritdoc/>
    public override Tensor forward(Tensor input) =>
        nn.functional.layer_norm(input.to(ScalarType.Float32), _size, _weight, _bias, Epsilon);

    /// <inheritdoc/>
    public override string Export(OnnxGraph graph, string input) => graph.Node("LayerNormalization",
        [input, graph.Constant("norm_weight", _weight), graph.Constant("norm_bias", _bias)], ("axis", -1), ("epsilon", Epsilon));

    /// <inheritdoc/>
    public override void Initialize(Generator generator)
    {
        InitialValues.Fill(_weight, Scalars.One);
        InitialValues.Fill(_bias, Scalars.Zero);
    }
}
