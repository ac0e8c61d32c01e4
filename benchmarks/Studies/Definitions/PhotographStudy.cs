using Microsoft.ML.EarlyReadout;
using Microsoft.ML.FeatureSieve;

namespace Studies;

/// <summary>
/// Photographs that a residual network learns from ImageNet weights, its batch norm frozen, its learning rate falling by a cosine. The
/// data set has splits of its own.
/// </summary>
/// <param name="options">What the command line asks for.</param>
/// <param name="rows">The rows.</param>
internal abstract class PhotographStudy(StudyOptions options, PhotographRows rows) : ShortcutStudy(options, rows)
{
    private readonly PhotographRows _rows = rows;

    public override string Description => FormattableString.Invariant(
        $"{Question}, 3 × {_rows.Side} × {_rows.Side}; DnnImageFeaturizer's ResNet-18 from ImageNet weights, batch norm frozen; ")
        + FormattableString.Invariant($"{Steps} steps of {BatchSize}, rate {Rate} by cosine.");

    public override string FinalFigure => StudyMetrics.Worst;

    /// <summary>What is shown, and which rows there are, for the report.</summary>
    protected abstract string Question { get; }

    protected override double OwnRate => 0.001;

    protected override ScheduleKind Schedule => ScheduleKind.Cosine;

    protected override int[] IdentificationEpochs => [1, 3];

    protected override SieveSpace Space => new()
    {
        Stages = [2, 3, 4],
        Depths = [0, 1],
        Widths = [64],
        ForgetEvery = [1, 5],
        ForgetRateMultiple = new(3, 30),
        ReadoutRateMultiple = new(1, 10),
    };

    protected override NetworkOptions CreateNetwork() => ImageNetWeights.ResNet18(Options);
}
