using System.Diagnostics.CodeAnalysis;
using TorchSharp;
using TorchSharp.Modules;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout.Networks;

/// <summary>Batch normalisation of images by channel: momentum 0.1, ε 1e-5, in float32.</summary>
/// <remarks>(B, C, H, W) → (B, C, H, W): weight · (x − mean) / √(variance + ε) + bias.</remarks>
[Experimental(ExperimentalId.OwnNetwork)]
public sealed class BatchNorm2d : Layer
{
    private const double Momentum = 0.1;
    private const double Epsilon = 1e-5;

    [ComponentName(Name = "weight")]
    private Parameter _weight;

    [ComponentName(Name = "bias")]
    private Parameter _bias;

    [ComponentName(Name = "running_mean")]
    private Tensor _mean;

    [ComponentName(Name = "running_var")]
    private Tensor _variance;

    /// <summary>Creates the layer with weight 1, bias 0, mean 0 and variance 1.</summary>
    /// <param name="channels">Channels of its input.</param>
    public BatchNorm2d(int channels) : base("batch_norm")
    {
        _weight = new Parameter(ones(channels, float32, CPU));
        _bias = new Parameter(zeros(channels, float32, CPU));
        _mean = zeros(channels, float32, CPU);
        _variance = ones(channels, float32, CPU);
        register_buffer("running_mean", _mean);
        register_buffer("running_var", _variance);
        RegisterComponents();
    }

    /// <summary>The stored mean and variance of each channel, (C).</summary>
    internal (float[] Mean, float[] Variance) Statistics =>
        (_mean.detach().cpu().data<float>().ToArray(), _variance.detach().cpu().data<float>().ToArray());

    /// <summary>What the layer does in training mode.</summary>
    internal BatchNormMode Mode { get; set; }

    /// <summary>Over whose rows the batch's statistics are taken.</summary>
    internal RankGroup Ranks { get; set; } = RankGroup.Single;

    /// <inheritdoc/>
    /// <remarks>One value a channel has no variance: such a batch is normalised by the stored statistics.</remarks>
    public override Tensor forward(Tensor input)
    {
        ArgumentNullException.ThrowIfNull(input);
        bool byBatch = training && Mode != BatchNormMode.Stored;
        double momentum = Mode == BatchNormMode.BatchOnly ? 0 : Momentum; // at 0 the stored statistics keep every bit
        if (byBatch && !Ranks.IsSingle)
            return RankedBatchNorm.Of(input, _weight, _bias, new BatchNormOverRanks(Ranks, _mean, _variance, momentum, Epsilon));
        byBatch &= input.size(0) * input.size(2) * input.size(3) > 1;
        return nn.functional.batch_norm(input, _mean, _variance, _weight, _bias, byBatch, momentum, Epsilon); // (B, C, H, W)
    }

    /// <inheritdoc/>
    public override string Export(OnnxGraph graph, string input)
    {
        ArgumentNullException.ThrowIfNull(graph);
        string[] inputs =
        [
            input,
            graph.Constant("bn_weight", _weight),
            graph.Constant("bn_bias", _bias),
            graph.Constant("bn_mean", _mean),
            graph.Constant("bn_var", _variance),
        ];
        return graph.Node("BatchNormalization", inputs, ("epsilon", Epsilon));
    }

    /// <inheritdoc/>
    public override void Initialize(Generator generator)
    {
        InitialValues.Fill(_weight, Scalars.One);
        InitialValues.Fill(_bias, Scalars.Zero);
        InitialValues.Fill(_mean, Scalars.Zero);
        InitialValues.Fill(_variance, Scalars.One);
    }

    /// <summary>The layer in evaluation as scale · x + shift, in float64 on the CPU, each (C).</summary>
    internal (Tensor Scale, Tensor Shift) Affine()
    {
        Tensor deviation = Exact(_variance).add(Scalars.Of(Epsilon), Scalars.One).sqrt();
        Tensor scale = Exact(_weight).div(deviation);
        return (scale, Exact(_bias).sub(Exact(_mean).mul(scale)));
    }

    private static Tensor Exact(Tensor value) => value.detach().cpu().to(ScalarType.Float64);
}
