using System.Diagnostics.CodeAnalysis;
using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout.Networks;

/// <summary>A linear layer with bias.</summary>
/// <remarks>(B, D) → (B, D'), or (B, L, D) → (B, L, D').</remarks>
[Experimental(ExperimentalId.OwnNetwork)]
public sealed class Linear : Layer, IMixedPrecision
{
    private readonly double _bound;

    [ComponentName(Name = "weight")]
    private Parameter _weight; // (D', D)

    [ComponentName(Name = "bias")]
    private Parameter _bias; // (D')

    /// <summary>Creates the layer; <see cref="Initialize"/> draws its weights.</summary>
    /// <param name="inputs">Features that it reads.</param>
    /// <param name="outputs">Features that it puts out.</param>
    public Linear(int inputs, int outputs) : base("linear")
    {
        Inputs = inputs;
        _bound = 1 / Math.Sqrt(inputs);
        _weight = new Parameter(zeros(outputs, inputs, float32, CPU));
        _bias = new Parameter(zeros(outputs, float32, CPU));
        RegisterComponents();
    }

    /// <summary>Creates the layer with given weights.</summary>
    /// <param name="weight">(D', D), copied.</param>
    /// <param name="bias">(D'), copied.</param>
    internal Linear(Tensor weight, Tensor bias) : this((int)weight.size(1), (int)weight.size(0))
    {
        using var noGrad = no_grad();
        _weight.copy_(weight);
        _bias.copy_(bias);
    }

    /// <summary>Gives the layer weights, (D', D), and a bias, (D').</summary>
    internal void Set(double[][] weight, double[] bias)
    {
        using var noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        _weight.copy_(tensor([.. weight.SelectMany(row => row)], float64, CPU).reshape(weight.Length, -1));
        _bias.copy_(tensor(bias, float64, CPU));
    }

    /// <summary>Gives the layer another's weights and bias.</summary>
    internal void Set(Linear other)
    {
        using var noGrad = no_grad();
        _weight.copy_(other._weight);
        _bias.copy_(other._bias);
    }

    /// <summary>A layer of its own with these weights, on the same device, in float32.</summary>
    internal Linear Copy()
    {
        var copy = new Linear(Inputs, (int)_bias.size(0));
        copy.to(_weight.device);
        copy.Set(this);
        return copy;
    }

    /// <summary>D: features that it reads.</summary>
    public int Inputs { get; }

    /// <inheritdoc/>
    Precision IMixedPrecision.Precision { get => Precision; set => Precision = value; }

    internal Precision Precision { get; set; }

    /// <summary>
    /// Whether the product leaves out the inputs that are zero in all rows of a batch, on the CPU. It pays where most are, as in batches of
    /// texts: to find them costs one pass over the batch.
    /// </summary>
    internal bool SkipsZeroInputs { get; set; }

    /// <inheritdoc/>
    public override Tensor forward(Tensor input)
    {
        ScalarType type = training && Precision == Precision.BFloat16 ? ScalarType.BFloat16 : ScalarType.Float32;
        if (!SkipsZeroInputs || input.device_type != DeviceType.CPU)
            return nn.functional.linear(input.to(type), _weight.to(type), _bias.to(type)); // (B, D')
        Tensor others = input.any(0).nonzero().squeeze(1); // (K)
        Tensor weight = _weight.index_select(1, others).to(type); // (D', K)
        return nn.functional.linear(input.index_select(1, others).to(type), weight, _bias.to(type)); // (B, D')
    }

    /// <inheritdoc/>
    public override string Export(OnnxGraph graph, string input)
    {
        ArgumentNullException.ThrowIfNull(graph);
        return Export(graph, input, ExportWeight(graph));
    }

    /// <summary>Adds the weight (D', D) alone, for nodes that share it.</summary>
    internal string ExportWeight(OnnxGraph graph) => graph.Constant("weight", _weight);

    /// <summary>Exports the layer on a weight that is in the graph already.</summary>
    internal string Export(OnnxGraph graph, string input, string weight) =>
        graph.Node("Gemm", [input, weight, graph.Constant("bias", _bias)], ("transB", 1));

    /// <summary>Exports the layer for what has more dimensions than a matrix: (N, L, D) → (N, L, D').</summary>
    internal string ExportForEachToken(OnnxGraph graph, string input)
    {
        using Tensor turned = _weight.detach().t().contiguous(); // (D, D'): a Gemm turns its own, a MatMul none
        return graph.Node("Add", [graph.Node("MatMul", [input, graph.Constant("weight", turned)]), graph.Constant("bias", _bias)]);
    }

    /// <summary>Applies a weight (D', D), without bias, at each pixel: (N, D, h, w) → (N, D', h, w).</summary>
    internal static string ExportAtEachPixel(OnnxGraph graph, string features, string weight)
    {
        // 0 keeps a side. ML.NET exports for versions of the operators in which an Unsqueeze has another form.
        string kernel = graph.Node("Reshape", [weight, graph.Constant("kernel_shape", [0L, 0L, 1L, 1L], 4)]); // (D', D, 1, 1)
        return graph.Node("Conv", [features, kernel]);
    }

    /// <inheritdoc/>
    /// <remarks>PyTorch's default: weight and bias uniform within ±1/√D.</remarks>
    public override void Initialize(Generator generator)
    {
        InitialValues.Uniform(_weight, _bound, generator);
        InitialValues.Uniform(_bias, _bound, generator);
    }
}
