using Microsoft.ML.EarlyReadout;
using Microsoft.ML.EarlyReadout.Networks;
using Microsoft.ML.EarlyReadout.Training;
using Microsoft.ML.FeatureSieve;
using TorchSharp;
using static TorchSharp.torch;

namespace MLSieve.Speed;

/// <summary>A network and one batch of random rows, with the options that a trainer would give them where nothing is set.</summary>
internal sealed class TrainingCase : IDisposable
{
    private const int Classes = 10;
    private const int TrainingRows = 5000; // what automatic values are taken for

    private readonly NetworkOptions _network;
    private readonly FeatureShape _shape;
    private readonly bool _pretrained;
    private readonly RankGroup _ranks;
    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly List<IDisposable> _made = [];

    /// <param name="name">What it is called in tables.</param>
    /// <param name="network">The network.</param>
    /// <param name="shape">The shape of a row.</param>
    /// <param name="pretrained">Whether the options are those for pretrained weights; what weights it has is no matter here.</param>
    /// <param name="rows">Rows of the batch; <see langword="null"/>: the batch size that the options have.</param>
    /// <param name="device">Where it is trained; the CPU where it is left out.</param>
    /// <param name="ranks">The processes that train together; one on its own where they are left out.</param>
    public TrainingCase(
        string name, NetworkOptions network, FeatureShape shape, bool pretrained = false, int? rows = null, Device? device = null,
        RankGroup? ranks = null)
    {
        (Name, _network, _shape, _pretrained, Device) = (name, network, shape, pretrained, device ?? CPU);
        _ranks = ranks ?? RankGroup.Single;
        NativeBackend.EnsureLoaded();
        Meters = new LossMeters(Device, _ranks);
        using StagedNetwork first = CreateNetwork();
        Options.SetAutomatic(new TrainingFacts(first, pretrained, TrainingRows));
        int count = rows ?? Options.BatchSize;
        using var generator = new Generator(1, CPU);
        Tensor features = shape switch
        {
            ImageShape => randint(0, 256, [count, .. shape.Dimensions], ScalarType.Byte, CPU, generator: generator),
            TokenShape tokens => randint(1, tokens.Vocabulary, [count, .. shape.Dimensions], ScalarType.Int32, CPU, generator: generator),
            _ => randn([count, .. shape.Dimensions], ScalarType.Float32, CPU, generator: generator),
        };
        Tensor labels = randint(0, Classes, [count], ScalarType.Int64, CPU, generator: generator); // (B)
        Batch = new Batch(features, labels, new long[count]).To(Device);
    }

    /// <summary>The default Mlp on the numbers of a table.</summary>
    public static TrainingCase Mlp(int? rows = null) => new("Mlp", new() { Kind = NetworkKind.Mlp }, FeatureShape.Vector(60), rows: rows);

    /// <summary>The default ConvNet on images of 64 × 64.</summary>
    public static TrainingCase ConvNet(int? rows = null) =>
        new("ConvNet", new() { Kind = NetworkKind.ConvNet }, FeatureShape.Image(3, 64, 64), rows: rows);

    /// <summary>ResNet-18 on images of 64 × 64.</summary>
    public static TrainingCase ResNet18(bool pretrained = false, int? rows = null) => new(
        pretrained ? "ResNet-18, pretrained" : "ResNet-18", new() { Kind = NetworkKind.ResNet18 }, FeatureShape.Image(3, 64, 64),
        pretrained, rows);

    /// <summary>The default text encoder on texts of 32 tokens.</summary>
    public static TrainingCase Encoder(int? rows = null) =>
        new("text encoder", new() { Kind = NetworkKind.Bert }, FeatureShape.Tokens(32, 8000, 2), rows: rows);

    public string Name { get; }

    public Device Device { get; }

    public FeatureSieveTrainer.Options Options { get; } = new();

    public Batch Batch { get; }

    public LossMeters Meters { get; }

    /// <summary>Whether the network's batch norm runs on its stored statistics.</summary>
    public bool FreezesStatistics => _pretrained;

    /// <summary>A fresh network in training mode, on the device.</summary>
    /// <param name="precision">The arithmetic of a step.</param>
    public StagedNetwork CreateNetwork(Precision precision = Precision.Float32)
    {
        PixelRange? pixels = _shape is ImageShape ? PixelRange.Bytes : null;
        StagedNetwork network = Own(NetworkFactory.Create(_network, _shape, pixels, Classes, seed: 1, _ => { }));
        network.SetChannelsLast(_shape.IsConvolved);
        network.SetPrecision(precision);
        LayerTree.SetRanks(network, _ranks);
        if (_pretrained) network.SetBatchNormMode(BatchNormMode.Stored);
        network.to(Device);
        network.train();
        return network;
    }

    /// <summary>A readout of the network as the sieve makes it.</summary>
    public TappedReadout CreateReadout(StagedNetwork network)
    {
        ReadoutHead head = Own(ReadoutFactory.Create(network, Options.Readout, seed: 1));
        head.SetChannelsLast(_shape.IsConvolved);
        head.to(Device);
        return new TappedReadout("readout", Options.Readout.Stage, head);
    }

    /// <summary>A plain step on a network of its own.</summary>
    /// <param name="precision">Its arithmetic.</param>
    public ITrainingStep Plain(Precision precision = Precision.Float32) => Own(
        new SupervisedStep(CreateNetwork(precision), TrainedPart.All, EmpiricalRisk.Plain, Options.Optimizer, []));

    /// <summary>The sieve's step on a network of its own.</summary>
    public ITrainingStep Sieve()
    {
        StagedNetwork network = CreateNetwork();
        return Own(new SieveStep(network, CreateReadout(network), Options, FreezesStatistics, EmpiricalRisk.Plain));
    }

    /// <summary>The sieve's step as one update on a network of its own.</summary>
    public ITrainingStep Joint()
    {
        StagedNetwork network = CreateNetwork();
        return Own(new JointSieveStep(network, CreateReadout(network), Options, FreezesStatistics, EmpiricalRisk.Plain));
    }

    /// <summary>Runs steps, from the first of a training, and waits for the device.</summary>
    public void Run(ITrainingStep step, int count)
    {
        for (int i = 0; i < count; i++)
        {
            using DisposeScope each = NewDisposeScope();
            step.Run(Batch, new StepContext(i, 1, Meters, share: 1.0 / _ranks.Count));
        }

        Meters.Reset();
        Synchronize();
    }

    /// <summary>Waits for a GPU.</summary>
    public void Synchronize()
    {
        if (Device.type == DeviceType.CUDA) cuda.synchronize();
    }

    public void Dispose()
    {
        foreach (IDisposable made in Enumerable.Reverse(_made)) made.Dispose();
        Meters.Dispose();
        _scope.Dispose();
    }

    private T Own<T>(T made)
        where T : IDisposable
    {
        _made.Add(made);
        return made;
    }
}
