using Microsoft.ML.EarlyReadout;
using Microsoft.ML.FeatureSieve;

namespace Studies;

/// <summary>The Quickstart's generated images and its network, with every method: the one study that needs no data.</summary>
internal sealed class ShapesStudy(StudyOptions options) : ShortcutStudy(options, new ShapesRows(options))
{
    protected override string Subject => "shapes";

    public override string Description => FormattableString.Invariant(
        $"The Quickstart's shapes on backgrounds that agree in {ShapesRows.TrainingAgreement:P0} of {RowCount} training rows and are ")
        + FormattableString.Invariant($"independent elsewhere; 3 × 24 × 24; ConvNet 8-16-32, {Steps} steps of {BatchSize}.");

    protected override int OwnEpochs => 48;

    protected override double OwnRate => 0.05;

    protected override int[] IdentificationEpochs => [1, 5];

    protected override SieveSpace Space => new()
    {
        Stages = [1, 2],
        Depths = [0, 1],
        Widths = [8],
        ForgetEvery = [2, 5, 10],
        ForgetRateMultiple = new(1, 10),
        ReadoutRateMultiple = new(0.2, 1),
    };

    protected override NetworkOptions CreateNetwork() => Quickstart.Method.Network;
}
