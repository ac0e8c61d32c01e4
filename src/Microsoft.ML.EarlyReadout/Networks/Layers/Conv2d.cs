using System.Diagnostics.CodeAnalysis;
using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout.Networks;

/// <summary>A two-dimensional convolution with a square kernel.</summary>
/// <remarks>(B, C, H, W) → (B, C', H', W'), H' = ⌊(H + 2·padding − kernel) / stride⌋ + 1.</remarks>
[Experimental(ExperimentalId.OwnNetwork)]
public sealed class Conv2d : Layer, IMixedPrecision
{
    private readonly int _kernel;
    private readonly long[] _stride;
    private readonly long[] _padding;
    private readonly double _deviation;
    private readonly bool _picks; // oneDNN's code for AVX2 writes beyond such a convolution's numbers where it takes the steps itself

    [ComponentName(Name = "weight")]
    private Parameter _weight; // (C', C, kernel, kernel)

    [ComponentName(Name = "bias")]
    private Parameter? _bias; // (C')

    /// <summary>Creates the convolution; <see cref="Initialize"/> draws its weights.</summary>
    /// <param name="inputs">Channels that it reads.</param>
    /// <param name="outputs">Channels that it puts out.</param>
    /// <param name="kernel">Height and width of the kernel in pixels.</param>
    /// <param name="stride">Step of the kernel in pixels.</param>
    /// <param name="padding">Zeros added to each side in pixels.</param>
    /// <param name="bias">Whether a bias is added; needless in front of batch norm.</param>
    /// <param name="deviation">Standard deviation of initial weights; 0: √(2 / (outputs · kernel²)), which keeps gradients alike through
    /// layers with ReLU.</param>
    public Conv2d(int inputs, int outputs, int kernel, int stride = 1, int padding = 0, bool bias = true, double deviation = 0)
        : base("conv")
    {
        NativeBackend.EnsureConvolves();
        _kernel = kernel;
        _stride = [stride, stride];
        _padding = [padding, padding];
        _picks = kernel == 1 && stride > 1 && padding == 0 && inputs < 8;
        _deviation = deviation > 0 ? deviation : Math.Sqrt(2.0 / ((double)outputs * kernel * kernel));
        _weight = new Parameter(zeros(outputs, inputs, kernel, kernel, float32, CPU));
        if (bias) _bias = new Parameter(zeros(outputs, float32, CPU));
        RegisterComponents();
    }

    /// <inheritdoc/>
    Precision IMixedPrecision.Precision { get => Precision; set => Precision = value; }

    internal Precision Precision { get; set; }

    /// <inheritdoc/>
    public override Tensor forward(Tensor input)
    {
        ArgumentNullException.ThrowIfNull(input);
        ScalarType type = training && Precision == Precision.BFloat16 ? ScalarType.BFloat16 : ScalarType.Float32;
        (Tensor read, long[] stride) = _picks
            ? (input.slice(2, 0, input.size(2), _stride[0]).slice(3, 0, input.size(3), _stride[1]), [1, 1])
            : (input, _stride);
        return nn.functional.conv2d(read.to(type), _weight.to(type), _bias?.to(type), stride, _padding); // (B, C', H', W')
    }

    /// <inheritdoc/>
    public override string Export(OnnxGraph graph, string input) => Export(graph, input, _weight, _bias);

    /// <summary>
    /// Adds the nodes of this convolution and of the batch norm that reads it as one convolution, which is what scoring runs fastest.
    /// A layer of your own calls it where its <c>forward</c> calls one after the other, with nothing in between.
    /// </summary>
    /// <param name="graph">The graph that grows.</param>
    /// <param name="input">The name of the value that the convolution reads.</param>
    /// <param name="norm">The batch norm, over as many channels as the convolution puts out.</param>
    /// <returns>The name of the value that the batch norm computes.</returns>
    public string Export(OnnxGraph graph, string input, BatchNorm2d norm)
    {
        ArgumentNullException.ThrowIfNull(norm);
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        (Tensor scale, Tensor shift) = norm.Affine(); // float64, (C')
        Tensor weight = _weight.to(ScalarType.Float64).cpu().mul(scale.reshape(-1, 1, 1, 1));
        Tensor bias = _bias is null ? shift : _bias.to(ScalarType.Float64).cpu().mul(scale).add(shift, Scalars.One);
        return Export(graph, input, weight.to(ScalarType.Float32), bias.to(ScalarType.Float32));
    }

    /// <inheritdoc/>
    public override void Initialize(Generator generator)
    {
        InitialValues.Normal(_weight, _deviation, generator);
        if (_bias is not null) InitialValues.Fill(_bias, Scalars.Zero);
    }

    internal void SetChannelsLast(bool channelsLast)
    {
        using IDisposable noGrad = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Tensor detached = _weight.detach();
        _weight.set_(channelsLast ? ChannelsLastStorage.Of(detached) : detached.contiguous());
    }

    private string Export(OnnxGraph graph, string input, Tensor weight, Tensor? bias)
    {
        ArgumentNullException.ThrowIfNull(graph);
        List<string> inputs = [input, graph.Constant("weight", weight)];
        if (bias is not null) inputs.Add(graph.Constant("bias", bias));
        return graph.Node(
            "Conv", inputs, ("kernel_shape", new[] { _kernel, _kernel }), ("strides", _stride),
            ("pads", (long[])[.. _padding, .. _padding]));
    }
}
