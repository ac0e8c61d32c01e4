using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// A classifier as an ordered list of named stages, so that a readout can tap what stage k puts out, training can stop there or start from there,
/// and the whole exports to ONNX. Subclass it to bring your own network: register each layer, then name stem, stages and head.
/// </summary>
/// <remarks>
/// <code>x → input → stem → stage 1 → … → stage S → head → logits (B, classes)</code>
/// Not thread-safe: one training at a time.
/// </remarks>
public abstract class StagedNetwork : nn.Module<Tensor, Tensor>
{
    private readonly List<Stage> _stages = [];
    private IReadOnlyList<Layer> _stem = [];
    private IReadOnlyList<Layer> _head = [];

    /// <summary>Creates a network without layers; the constructor of the subclass adds them.</summary>
    /// <param name="name">The name of the kind of network, for messages.</param>
    /// <param name="shape">The shape of one example.</param>
    /// <param name="classes">The number of classes, at least 2.</param>
    protected StagedNetwork(string name, FeatureShape shape, int classes) : base(name)
    {
        Shape = shape;
        Classes = classes;
    }

    /// <summary>The shape of one example.</summary>
    public FeatureShape Shape { get; }

    /// <summary>The number of classes, which is the number of logits.</summary>
    public int Classes { get; }

    /// <summary>The stages in order; stage k of the papers is <c>Stages[k − 1]</c>.</summary>
    public IReadOnlyList<Stage> Stages => _stages;

    /// <summary>The layers before stage 1.</summary>
    public IReadOnlyList<Layer> Stem => _stem;

    /// <summary>The layers after the last stage; they end in the logits.</summary>
    public IReadOnlyList<Layer> Head => _head;
}
