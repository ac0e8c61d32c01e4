using Microsoft.ML.EarlyReadout;

namespace Studies;

/// <summary>
/// Cats and dogs that training shows in front of land and sea, with a residual network from ImageNet weights. In validation and test each
/// pet stands in front of both.
/// </summary>
internal sealed class PetsStudy : ShortcutStudy
{
    public PetsStudy(StudyOptions options) : base(options, new PetsRows(options))
    {
        if (options.Rows is not null) throw new UsageException("--rows: pets has splits of its own; leave it out.");
        if (options.Agreements.Count > 0) throw new UsageException("--agreement: the places of pets are what they are; leave it out.");
    }

    public override string Name => "pets";

    public override string Description => FormattableString.Invariant(
        $"Pets on scenes, its own splits, 3 × {PetsRows.Side} × {PetsRows.Side}; DnnImageFeaturizer's ResNet-18 from ImageNet weights, ")
        + FormattableString.Invariant($"batch norm frozen; {Steps} steps of {BatchSize}, rate {Rate} by cosine.");

    public override string FinalFigure => Figures.Worst;

    protected override int OwnEpochs => 10;

    protected override double OwnRate => 0.001;

    protected override ScheduleKind Schedule => ScheduleKind.Cosine;

    protected override int[] IdentificationEpochs => [1, 3];

    protected override SearchSpace Space => new()
    {
        LearningRates = [Rate],
        Stages = [2, 3, 4],
        Depths = [0, 1],
        Width = 64,
        ForgetEvery = [1, 5],
        ForgetRates = [Times(3), Times(10), Times(30)],
        ReadoutRates = [Times(1), Times(10)],
    };

    protected override NetworkOptions CreateNetwork() => ImageNetWeights.ResNet18(Options);
}
