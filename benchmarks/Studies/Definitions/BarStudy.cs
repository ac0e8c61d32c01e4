using Microsoft.ML;
using Microsoft.ML.FeatureSieve;

namespace Studies;

/// <summary>Actions in photographs whose place misleads in the test split, with a pretrained SqueezeNet.</summary>
internal sealed class BarStudy : SieveStudy
{
    private const double ValidationFraction = 0.2;
    private readonly Lazy<DataSet> _set;
    private PackedImages? _training;
    private PackedImages? _testing;

    public BarStudy(StudyOptions options) : base(options)
    {
        if (options.Rows is not null) throw new UsageException("--rows: bar has its official split; leave it out.");
        if (options.Agreements.Count > 0) throw new UsageException("--agreement: the bias of bar is what it is; leave it out.");
        _set = new(() => DataSets.Bar(options.Folder("bar")));
    }

    public override string Name => "bar";

    public override string Description => FormattableString.Invariant(
        $"Biased Action Recognition, official split, {ValidationFraction:P0} of train held out for validation; 3 × {Side} × {Side} by ")
            + "ResizeImages IsoCrop at the centre; SqueezeNet 1.1 from ImageNet weights.";

    public override bool HasGroups => false;

    public override SearchSpace Space { get; } = new()
    {
        LearningRates = [0.0005, 0.001, 0.002],
        Stages = [1, 2, 3],
        Depths = [0, 1],
        Width = 64,
        ForgetEvery = [5, 15],
        ForgetRates = [0.00003, 0.0001, 0.0003, 0.001],
        ReadoutRates = [0.001, 0.01],
    };

    public override int DefaultTrials => 12;

    public override string Fingerprint => FormattableString.Invariant($"{Name} size {Side} epochs {Epochs} quick {Options.Quick}");

    private int Side => Options.Size ?? 128;

    private int Epochs => Options.Epochs ?? (Options.Quick ? 1 : 6);

    public override StudyData Load(MLContext ml, int seed, CancellationToken cancellation)
    {
        // Decoded once: 2,595 images of 128 × 128 are 128 MB of bytes, shared by all seeds and settings.
        int limit = Options.Quick ? 48 : 0;
        _training ??= DecodedImages.Read(_set.Value, Splits.Train, Side, limit, cancellation);
        _testing ??= DecodedImages.Read(_set.Value, Splits.Test, Side, limit, cancellation);
        int[] order = RandomSources.Shuffled(_training.Count, RandomSources.For(seed, RandomSources.Rows));
        int held = (int)(order.Length * ValidationFraction);
        return StudyData.From(
            ml, _set.Value.Labels, _training.ToDataView(ml, order[held..]), _training.ToDataView(ml, order[..held]),
            _testing.ToDataView(ml));
    }

    public override FeatureSieveTrainer.Options CreateOptions() => new()
    {
        Network = ImageNetWeights.SqueezeNet(Options),
        Epochs = Epochs,
        BatchSize = 32,
    };
}
