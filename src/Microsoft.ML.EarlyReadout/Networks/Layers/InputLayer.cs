using System.Diagnostics.CodeAnalysis;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout.Networks;

/// <summary>
/// A network's first layer: stored numbers to float32, channels first, in the network's channel order, and per channel (x − mean) · scale.
/// </summary>
/// <remarks>uint8 or float32, (B, C, H, W), (B, H, W, C) or (B, D) → float32, (B, C, H, W) or (B, D); tokens, int32 (B, L) → float32
/// (B, L). It has no parameters.</remarks>
[Experimental(ExperimentalId.OwnNetwork)]
public sealed class InputLayer : Layer
{
    private readonly ImageShape? _image; // null for vectors and texts
    private bool _reverseChannels;
    private float[] _mean = [0];
    private float[] _scale = [1];

    // Not buffers: they are options, not weights, and appear in no list of weights. TorchSharp's own buffers that are not saved do not move
    // with the module. In an array, because TorchSharp makes a buffer of every field that is a tensor.
    private readonly Tensor[] _constants = new Tensor[2];

    internal InputLayer(FeatureShape shape) : base("input")
    {
        _image = shape as ImageShape;
        MakeConstants();
    }

    /// <summary>Subtracted from each channel: one value, or one a channel.</summary>
    public IReadOnlyList<float> Mean => _mean;

    /// <summary>Multiplies each channel after the mean is subtracted: one value, or one a channel.</summary>
    public IReadOnlyList<float> Scale => _scale;

    /// <summary>Whether the network sees blue, green, red where the column holds red, green, blue.</summary>
    public bool ReversesChannels => _reverseChannels;

    /// <summary>Whether images leave this layer stored channels last; their shape stays (B, C, H, W).</summary>
    internal bool ChannelsLast { get; set; }

    /// <summary>Sets what the layer does.</summary>
    /// <param name="mean">One value, or one a channel.</param>
    /// <param name="scale">One value, or one a channel.</param>
    /// <param name="order">The order in which the network sees the channels.</param>
    internal void Configure(float[] mean, float[] scale, ChannelOrder order)
    {
        _mean = [.. mean];
        _scale = [.. scale];
        _reverseChannels = order == ChannelOrder.Bgr && _image is { Channels: > 1 };
        DisposeConstants();
        MakeConstants();
    }

    /// <inheritdoc/>
    public override Tensor forward(Tensor input)
    {
        Tensor x = _image is { Layout: ImageLayout.ChannelsLast } ? input.permute(0, 3, 1, 2) : input; // (B, C, H, W) or (B, D)
        if (_reverseChannels) x = x.flip(1);
        if (_image is not null) x = ChannelsLast ? ChannelsLastStorage.Of(x) : x.contiguous();
        x = x.to(ScalarType.Float32);
        if (IsIdentity) return x; // two passes over a wide batch take longer than its product with the next layer's weights
        return x.sub(Beside(x, ref MeanTensor)).mul(Beside(x, ref ScaleTensor));
    }

    /// <inheritdoc/>
    public override string Export(OnnxGraph graph, string input)
    {
        ArgumentNullException.ThrowIfNull(graph);
        string x = _image is { Layout: ImageLayout.ChannelsLast }
            ? graph.Node("Transpose", [input], ("perm", new long[] { 0, 3, 1, 2 }))
            : input;
        if (_reverseChannels)
        {
            long[] order = [.. Enumerable.Range(0, _image!.Channels).Select(channel => (long)channel).Reverse()];
            x = graph.Node("Gather", [x, graph.Constant("channel_order", order, order.Length)], ("axis", 1));
        }
        if (_mean.Any(mean => mean != 0)) x = graph.Node("Sub", [x, graph.Constant("input_mean", MeanTensor)]);
        return _scale.Any(scale => scale != 1) ? graph.Node("Mul", [x, graph.Constant("input_scale", ScaleTensor)]) : x;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing) DisposeConstants();
        base.Dispose(disposing);
    }

    /// <summary>Moves a constant to the input's device once.</summary>
    private static Tensor Beside(Tensor x, ref Tensor constant)
    {
        if (constant.device_type == x.device_type && constant.device_index == x.device_index) return constant;
        Tensor moved = constant.to(x.device).DetachFromDisposeScope();
        constant.Dispose();
        return constant = moved;
    }

    private bool IsIdentity => _mean.All(mean => mean == 0) && _scale.All(scale => scale == 1);

    private ref Tensor MeanTensor => ref _constants[0];

    private ref Tensor ScaleTensor => ref _constants[1];

    private void MakeConstants()
    {
        MeanTensor = PerChannel(_mean);
        ScaleTensor = PerChannel(_scale);
    }

    private void DisposeConstants()
    {
        foreach (Tensor constant in _constants) constant.Dispose();
    }

    private Tensor PerChannel(float[] values) =>
        tensor(values, _image is not null ? [1, values.Length, 1, 1] : [1, values.Length], device: CPU).DetachFromDisposeScope();
}
