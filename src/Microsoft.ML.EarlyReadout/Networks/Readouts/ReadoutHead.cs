using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using TorchSharp.Utils;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout.Networks;

/// <summary>
/// The auxiliary classifier on a stage's output: d blocks, then a linear layer; on images the blocks are basic blocks (the first without
/// shortcut) and global average pooling comes before the linear layer, on vectors they are linear layers with ReLU. Of tokens' vectors it
/// reads what the network's own classifier reads: their mean, or the first token's.
/// </summary>
/// <remarks>
/// (B, C, H, W), (B, L, H) or (B, D) → logits (B, classes), float32. In training mode its batch norm normalises by the batch.
/// Parameters: <c>blocks.0.conv1.weight</c>, <c>blocks.0.bn1.*</c>, … or, for vectors, <c>blocks.0.weight</c>, <c>blocks.0.bias</c>;
/// <c>head.weight</c>, <c>head.bias</c>.
/// </remarks>
[Experimental(ExperimentalId.OwnMethod)]
public sealed class ReadoutHead : Layer
{
    private readonly List<Layer> _layers = [];
    private readonly BatchNorm2d[] _batchNorms;

    [ComponentName(Name = "blocks")]
    private readonly ModuleGroup _blocks = new("blocks");

    [ComponentName(Name = "head")]
    private readonly Linear _head;

    /// <summary>Creates the readout; <see cref="Layer.Initialize"/> draws its weights.</summary>
    /// <param name="tap">What the stage puts out, of tokens one's vector.</param>
    /// <param name="pool">What makes a vector of it: before the blocks where those are of vectors, behind them where they are of
    /// images.</param>
    /// <param name="depth">Blocks, at least 0.</param>
    /// <param name="width">Channels (or units) of each block.</param>
    /// <param name="classes">The number of classes.</param>
    internal ReadoutHead(FeatureShape tap, Layer[] pool, int depth, int width, int classes) : base("readout")
    {
        bool spatial = tap is ImageShape;
        if (!spatial) _layers.AddRange(pool);
        for (int i = 0; i < depth; i++)
        {
            int inputs = i == 0 ? tap.Channels : width;
            Layer block = spatial ? new BasicBlock(inputs, width, shortcut: i > 0) : new Linear(inputs, width);
            _blocks.register_module(i.ToString(CultureInfo.InvariantCulture), block);
            _layers.Add(block);
            if (!spatial) _layers.Add(new Relu());
        }
        if (spatial) _layers.AddRange(pool);
        _head = new Linear(depth > 0 ? width : tap.Channels, classes);
        _layers.Add(_head);
        RegisterComponents();
        _batchNorms = [.. LayerTree.Find<BatchNorm2d>(_blocks)];
    }

    /// <inheritdoc/>
    public override Tensor forward(Tensor input) => _layers.Aggregate(input, (value, layer) => layer.call(value)); // (B, classes)

    /// <inheritdoc/>
    public override string Export(OnnxGraph graph, string input) => Sequence.Export(graph, _layers, input);

    /// <inheritdoc/>
    public override void Initialize(Generator generator)
    {
        foreach (Layer layer in _layers) layer.Initialize(generator);
    }

    /// <summary>Sets the arithmetic of the blocks while training; the linear classifier stays in float32.</summary>
    internal void SetPrecision(Precision precision) => LayerTree.SetPrecision(_blocks, precision);

    /// <summary>Sets which statistics its batch norm uses in training mode: the batch's, stored or not.</summary>
    /// <param name="mode">Which.</param>
    public void SetBatchNormMode(BatchNormMode mode)
    {
        foreach (BatchNorm2d norm in _batchNorms) norm.Mode = mode;
    }

    /// <summary>Stores the weights of its convolutions channels last, as its network's are.</summary>
    internal void SetChannelsLast(bool channelsLast) => LayerTree.SetChannelsLast(_blocks, channelsLast);
}
