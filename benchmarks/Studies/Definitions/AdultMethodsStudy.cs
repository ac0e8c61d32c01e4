using Microsoft.ML.EarlyReadout;
using Microsoft.ML.FeatureSieve;

namespace Studies;

/// <summary>UCI Adult, income by sex, with every method at one number of steps of a small network.</summary>
internal class AdultMethodsStudy(StudyOptions options) : ShortcutStudy(options, new AdultRows(options))
{
    protected override string Subject => "adult-methods";

    public override string Description => FormattableString.Invariant(
        $"UCI Adult, its own test split, {RowCount} training rows; the label is income, the attribute is sex; ")
        + FormattableString.Invariant($"{AdultRows.ValidationFraction:P0} of the training file validate; ")
        + FormattableString.Invariant($"Mlp 64-64, {Steps} steps of {BatchSize}.");

    public override string FinalFigure => StudyMetrics.Worst;

    protected override void SetInput(TrainerOptions trainer) => trainer.FeatureColumnName = "Features";

    protected override int BatchSize => 128;

    protected override int OwnEpochs => 15;

    protected override double OwnRate => 0.02;

    protected override int[] IdentificationEpochs => [1, 5];

    protected override SieveSpace Space => new()
    {
        Stages = [1, 2],
        Depths = [0, 1],
        Widths = [64],
        ForgetEvery = [1, 5, 15],
        ForgetRateMultiple = new(1, 30),
        ReadoutRateMultiple = new(0.2, 1),
    };

    protected override NetworkOptions CreateNetwork() => new() { Kind = NetworkKind.Mlp, HiddenUnits = [64, 64] };
}
