using System.Diagnostics.CodeAnalysis;
using TorchSharp;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout.Networks;

/// <summary>
/// A classifier as an ordered list of named stages, so that a readout can tap what stage k puts out, training can stop there or start from
/// there, and the whole exports to ONNX. Subclass it to bring your own network: in its constructor, name stem, stages and head.
/// </summary>
/// <remarks>
/// <code>x → input → stem → stage 1 → … → stage S → head → logits (B, classes)</code>
/// <para>Layers run, draw their initial weights and export in that order. A layer that has not been registered under a name of its own is
/// named <c>stage.index</c>, such as <c>stem.0</c>.</para>
/// <para>Not thread-safe: one training at a time.</para>
/// </remarks>
[Experimental(ExperimentalId.OwnNetwork)]
public abstract class StagedNetwork : nn.Module<Tensor, Tensor>
{
    private const string OtherHead = "other_head.";

    private readonly List<Stage> _stages = [];
    private readonly Dictionary<string, nn.Module> _groups = [];
    private readonly Dictionary<Layer, string> _registered = new(ReferenceEqualityComparer.Instance); // with their names
    private IReadOnlyList<Layer> _stem = [];
    private IReadOnlyList<Layer> _head = [];
    private BatchNorm2d[]? _batchNorms; // those that are not frozen
    private int _frozenStages;
    private Layer[]? _pool; // of what the last stage puts out, where the head ends in no linear layer

    static StagedNetwork() => NativeBackend.EnsureLoaded();

    /// <summary>Creates a network without layers; the constructor of the subclass adds them.</summary>
    /// <param name="name">The name of the kind of network, for messages.</param>
    /// <param name="shape">The shape of one example.</param>
    /// <param name="classes">The number of classes, at least 2.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are fewer than 2 classes.</exception>
    protected StagedNetwork(string name, FeatureShape shape, int classes) : base(name)
    {
        ArgumentNullException.ThrowIfNull(shape);
        ArgumentOutOfRangeException.ThrowIfLessThan(classes, 2);
        Shape = shape;
        ClassCount = classes;
        Input = Register("input", new InputLayer(shape));
    }

    /// <summary>The shape of one example.</summary>
    public FeatureShape Shape { get; }

    /// <summary>The number of classes, which is the number of logits.</summary>
    public int ClassCount { get; }

    /// <summary>
    /// The layer that turns stored numbers into (B, C, H, W) or (B, D), normalised; see <see cref="InputOptions"/>. Of texts (B, L), the
    /// tokens' numbers. It has no parameters.
    /// </summary>
    public InputLayer Input { get; }

    /// <summary>The stages in order; stage k of the papers is <c>Stages[k − 1]</c>.</summary>
    public IReadOnlyList<Stage> Stages => _stages;

    /// <summary>The layers before stage 1.</summary>
    public IReadOnlyList<Layer> Stem => _stem;

    /// <summary>The layers after the last stage; they end in the logits.</summary>
    public IReadOnlyList<Layer> Head => _head;

    /// <summary>All layers that a batch runs through, in order.</summary>
    internal IEnumerable<Layer> Layers => Lower(Stages.Count).Prepend(Input).Concat(_head);

    /// <summary>What the names of the head's parameters start with, such as <c>fc</c>: those that a weights file may lack.</summary>
    public string HeadName { get; private set; } = "";

    /// <summary>Gives a layer a name, which its parameters' names start with in weights files.</summary>
    /// <param name="name">The name; dots are allowed, as in torchvision's <c>features.3</c>.</param>
    /// <param name="layer">The layer.</param>
    /// <returns>The layer.</returns>
    /// <exception cref="InvalidOperationException">The name is taken.</exception>
    protected T Register<T>(string name, T layer)
        where T : Layer
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(layer);
        RegisterAt(name, layer);
        _registered[layer] = name;
        _batchNorms = null;
        return layer;
    }

    /// <summary>Names the layers before stage 1.</summary>
    /// <param name="layers">The layers in order.</param>
    protected void SetStem(params Layer[] layers) => _stem = RegisterRest("stem", layers);

    /// <summary>Adds the next stage.</summary>
    /// <param name="name">Its name, such as <c>layer1</c>.</param>
    /// <param name="layers">Its layers in order.</param>
    protected void AddStage(string name, params Layer[] layers) => _stages.Add(new Stage(name, RegisterRest(name, layers)));

    /// <summary>Names the layers after the last stage, which end in the logits.</summary>
    /// <param name="name">What the names of the head's parameters start with, such as <c>fc</c>.</param>
    /// <param name="layers">The layers in order.</param>
    protected void SetHead(string name, params Layer[] layers)
    {
        HeadName = name;
        _head = RegisterRest(name, layers);
    }

    /// <summary>Throws unless the examples are images of at least a size.</summary>
    /// <param name="network">The network's name, for the message.</param>
    /// <param name="shape">The shape of one example.</param>
    /// <param name="minimumSide">The least height and width in pixels.</param>
    /// <exception cref="ArgumentException">They are not.</exception>
    /// <returns>The shape, as that of images.</returns>
    protected static ImageShape RequireImage(string network, FeatureShape shape, int minimumSide)
    {
        ArgumentNullException.ThrowIfNull(shape);
        if (shape is not ImageShape image)
            throw new ArgumentException($"{network} needs images, and the feature column holds {shape.Plural}. " +
                "Give the image's size in the network's input options, or choose the network Mlp.");
        if (image.ShorterSide < minimumSide)
            throw new ArgumentException(
                $"{network} needs images of at least {minimumSide}×{minimumSide} pixels; these are {image.Height}×{image.Width} "
                    + "(height×width). " +
                    "Resize them (ResizeImages), or choose a network with fewer stages.");
        return image;
    }

    /// <summary>
    /// Puts other layers in the head's place, on the network's device, and disposes those that were there. Weights that are saved then tell
    /// by their names that the head is not the network's own: see <see cref="IsOfOtherHead"/>.
    /// </summary>
    /// <param name="name">What the new head is called in the names of its parameters.</param>
    /// <param name="layers">The layers in order.</param>
    internal void ReplaceHead(string name, params Layer[] layers)
    {
        Device device = parameters().First().device;
        foreach (Layer old in _head.Except(Lower(Stages.Count)))
        {
            if (_registered.Remove(old, out string? known)) RegisterAt(known, null);
            old.Dispose();
        }

        string head = OtherHead + name;
        for (int i = 0; i < layers.Length; i++) Register(FormattableString.Invariant($"{head}.{i}"), layers[i]).to(device);
        SetHead(head, layers);
    }

    /// <summary>Whether a parameter of that name is of the head's, as the network has it now.</summary>
    internal bool IsOfHead(string name) => name.StartsWith(HeadName + ".", StringComparison.Ordinal);

    /// <summary>Whether weights of that name are of a head that stood in the place of a network's own.</summary>
    internal static bool IsOfOtherHead(string name) => name.StartsWith(OtherHead, StringComparison.Ordinal);

    /// <summary>The linear layer that the head ends in; <see langword="null"/> where it ends in none, as SqueezeNet's.</summary>
    internal Linear? LastLinear => _head is [.., Linear last] ? last : null;

    /// <summary>The linear layer that the head ends in. Where it ends in none, as SqueezeNet's, the head becomes one, on the last stage's
    /// output, averaged over the image or the tokens.</summary>
    internal Linear EndInLinear()
    {
        if (LastLinear is { } last) return last;
        (FeatureShape tap, Layer[] pool) = StageTap.WithPool(this, Stages.Count);
        var linear = new Linear(tap.Channels, ClassCount);
        ReplaceHead("linear_head", [.. pool, linear]);
        return linear;
    }

    /// <summary>The logits of a batch.</summary>
    /// <param name="input">A batch as stored: uint8 or float32, (B, C, H, W), (B, H, W, C) or (B, D); of texts int32, (B, L).</param>
    /// <returns>(B, classes), float32.</returns>
    public override Tensor forward(Tensor input)
    {
        Tensor last = ForwardTo(Stages.Count, input);
        Tensor logits = ForwardFrom(Stages.Count, last);
        if (!ReferenceEquals(last, logits)) last.Dispose();
        return logits;
    }

    /// <summary>Runs a batch as far as the output of a stage.</summary>
    /// <param name="stage">The stage, from 1; 0 is what stage 1 reads: input and stem.</param>
    /// <param name="input">A batch as stored: uint8 or float32, (B, C, H, W), (B, H, W, C) or (B, D); of texts int32, (B, L).</param>
    /// <returns>The stage's output, (B, C', H', W') or (B, D'), of texts mostly (B, L, H); it belongs to the caller's dispose
    /// scope.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such stage.</exception>
    public Tensor ForwardTo(int stage, Tensor input)
    {
        CheckStage(stage);
        return Run(Lower(stage).Prepend(Input), input);
    }

    /// <summary>Runs the rest of the network from the output of a stage.</summary>
    /// <param name="stage">The stage whose output is given, from 0.</param>
    /// <param name="tap">That output; it is left as it is.</param>
    /// <returns>The logits (B, classes), float32; they belong to the caller's dispose scope.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such stage.</exception>
    public Tensor ForwardFrom(int stage, Tensor tap)
    {
        CheckStage(stage);
        return Run(_stages.Skip(stage).SelectMany(upper => upper.Layers).Concat(_head), tap);
    }

    /// <summary>Runs a batch as far as what the head's last linear layer reads, or would read: see <see cref="EndInLinear"/>.</summary>
    /// <param name="input">A batch as stored: uint8 or float32, (B, C, H, W), (B, H, W, C) or (B, D); of texts int32, (B, L).</param>
    /// <returns>(B, D'), float32; it belongs to the caller's dispose scope.</returns>
    internal Tensor ForwardToEmbedding(Tensor input)
    {
        Tensor last = ForwardTo(Stages.Count, input);
        if (LastLinear is not null) return Run(_head.SkipLast(1), last);
        return Run(_pool ??= StageTap.Pool(this, last.shape), last);
    }

    /// <summary>Runs a batch once, as far as the last of some stages, and keeps what each of them puts out.</summary>
    /// <param name="stages">The stages, ascending, from 0.</param>
    /// <param name="input">A batch as stored: uint8 or float32, (B, C, H, W), (B, H, W, C) or (B, D); of texts int32, (B, L).</param>
    /// <returns>The outputs by stage; they belong to the caller's dispose scope.</returns>
    internal IReadOnlyDictionary<int, Tensor> ForwardToEach(IReadOnlyList<int> stages, Tensor input)
    {
        var taps = new Dictionary<int, Tensor>();
        for (int i = 0; i < stages.Count; i++)
        {
            taps[stages[i]] = i == 0
                ? ForwardTo(stages[0], input)
                : Run(_stages.Skip(stages[i - 1]).Take(stages[i] - stages[i - 1]).SelectMany(stage => stage.Layers), taps[stages[i - 1]]);
        }
        return taps;
    }

    /// <summary>The parameters of the stem and of the stages up to one: those that a forgetting step changes.</summary>
    /// <param name="stage">The last stage, from 0 for the stem alone.</param>
    /// <returns>Names and parameters, in the order of <c>named_parameters</c>.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no such stage.</exception>
    public IReadOnlyList<(string Name, Parameter Parameter)> ParametersTo(int stage)
    {
        CheckStage(stage);
        var lower = new HashSet<Parameter>(Lower(stage).SelectMany(layer => layer.parameters()), ReferenceEqualityComparer.Instance);
        return [.. named_parameters().Where(entry => lower.Contains(entry.parameter))];
    }

    /// <summary>Draws fresh parameters for every layer in order.</summary>
    /// <param name="generator">The source of randomness; the global one is never touched.</param>
    public void Initialize(Generator generator)
    {
        foreach (Layer layer in Lower(Stages.Count).Concat(_head)) layer.Initialize(generator);
    }

    /// <summary>Sets the arithmetic of stem and stages while training; the head stays in float32.</summary>
    internal void SetPrecision(Precision precision)
    {
        foreach (Layer layer in Lower(Stages.Count)) LayerTree.SetPrecision(layer, precision);
    }

    /// <summary>Stores batches and the weights of convolutions channels last, which convolutions run faster on.</summary>
    internal void SetChannelsLast(bool channelsLast)
    {
        Input.ChannelsLast = channelsLast;
        LayerTree.SetChannelsLast(this, channelsLast);
    }

    /// <summary>
    /// Says whether most numbers of a batch are zero in all its rows, as in vectors that ML.NET's FeaturizeText makes: where stage 1
    /// reads the batch itself and begins with a linear layer, that layer leaves those out.
    /// </summary>
    internal void SetMostlyZero(bool mostlyZero)
    {
        if (_stem.Count == 0 && _stages[0].Layers is [Linear first, ..]) first.SkipsZeroInputs = mostlyZero;
    }

    /// <summary>Sets which statistics batch norm uses in training mode.</summary>
    /// <param name="mode">Which.</param>
    [Experimental(ExperimentalId.OwnMethod)]
    public void SetBatchNormMode(BatchNormMode mode)
    {
        // a step sets it up to twice: looking for them takes longer than that
        _batchNorms ??= [.. LayerTree.Find<BatchNorm2d>(this).Except(_frozenStages == 0 ? [] : BatchNormsTo(_frozenStages))];
        foreach (BatchNorm2d norm in _batchNorms) norm.Mode = mode;
    }

    /// <summary>
    /// Lets the stem and the first stages stay as they are in training: their parameters get no gradient, and their batch norm runs on its
    /// stored statistics.
    /// </summary>
    /// <param name="stages">How many stages; 0: nothing is frozen, the stem neither.</param>
    /// <exception cref="ArgumentException">The network has fewer.</exception>
    internal void Freeze(int stages)
    {
        if (stages == 0) return;
        if (stages > _stages.Count)
        {
            throw new ArgumentException($"Optimizer.FrozenStages is {stages}, but {GetName()} has {_stages.Count} stages: "
                + string.Join(", ", _stages.Select((each, index) => $"{index + 1} ({each.Name})")) + ".");
        }

        foreach ((_, Parameter parameter) in ParametersTo(stages)) parameter.requires_grad = false;
        foreach (BatchNorm2d norm in BatchNormsTo(stages)) norm.Mode = BatchNormMode.Stored;
        (_frozenStages, _batchNorms) = (stages, null);
    }

    /// <summary>Sets where dropout draws from: a generator on the network's device.</summary>
    /// <param name="generator">The generator.</param>
    /// <param name="rows">The rows that it draws for; <see langword="null"/>: those that pass.</param>
    internal void SetDropoutGenerator(Generator generator, RankRows? rows = null) =>
        LayerTree.SetDropoutGenerator(this, generator, rows);

    private IEnumerable<Layer> Lower(int stage) => _stem.Concat(_stages.Take(stage).SelectMany(lower => lower.Layers));

    private IEnumerable<BatchNorm2d> BatchNormsTo(int stage) => Lower(stage).SelectMany(LayerTree.Find<BatchNorm2d>);

    private void CheckStage(int stage)
    {
        if (stage < 0 || stage > _stages.Count)
            throw new ArgumentOutOfRangeException(nameof(stage), stage, $"{GetName()} has stages 1 to {_stages.Count}.");
    }

    /// <summary>
    /// Lets go of each intermediate result as soon as the next layer has read it; what the backward pass needs, libtorch keeps.
    /// </summary>
    internal static Tensor Run(IEnumerable<Layer> layers, Tensor input)
    {
        Tensor value = input;
        foreach (Layer layer in layers)
        {
            using DisposeScope scope = NewDisposeScope();
            Tensor next = layer.call(value);
            if (ReferenceEquals(next, value)) continue;
            next.MoveToOuterDisposeScope();
            if (!ReferenceEquals(value, input)) value.Dispose();
            value = next;
        }
        return value;
    }

    private Layer[] RegisterRest(string prefix, Layer[] layers)
    {
        for (int i = 0; i < layers.Length; i++)
            if (!_registered.ContainsKey(layers[i])) Register(FormattableString.Invariant($"{prefix}.{i}"), layers[i]);
        return [.. layers];
    }

    // A module that is null takes out the one that has the name.
    private void RegisterAt(string name, Layer? layer)
    {
        int dot = name.LastIndexOf('.');
        nn.Module parent = dot < 0 ? this : Group(name[..dot]);
        parent.register_module(name[(dot + 1)..], layer!);
    }

    private nn.Module Group(string path)
    {
        if (_groups.TryGetValue(path, out nn.Module? group)) return group;
        int dot = path.LastIndexOf('.');
        nn.Module parent = dot < 0 ? this : Group(path[..dot]);
        group = new ModuleGroup(path);
        parent.register_module(path[(dot + 1)..], group);
        return _groups[path] = group;
    }
}
