using Microsoft.ML.EarlyReadout;
using Microsoft.ML.FeatureSieve;

namespace Studies;

/// <summary>A shortcut that is drawn to agree with the label as often as asked in training, and in half of the validation rows.</summary>
/// <param name="options">What the command line asks for.</param>
/// <param name="kind">The shortcut, in a word.</param>
/// <param name="agreement">How often it agrees with the label in training.</param>
/// <param name="rows">The rows.</param>
internal sealed class AgreementStudy(StudyOptions options, string kind, double agreement, IStudyRows rows) : ShortcutStudy(options, rows)
{
    protected override string Subject => FormattableString.Invariant($"{kind}-{100 * agreement:0.##}");

    public override string Description => FormattableString.Invariant(
        $"{kind}, the shortcut agrees in {agreement:P0} of {RowCount} training rows, {Agreement.InValidation:P0} of validation rows; ")
        + FormattableString.Invariant($"ConvNet 32-64-128, {Steps} steps of {BatchSize}.");

    protected override int OwnEpochs => 40;

    protected override double OwnRate => 0.05;

    protected override int[] IdentificationEpochs => [1, 5];

    protected override SieveSpace Space => new()
    {
        Stages = [1, 2, 3],
        Depths = [0, 1],
        Widths = [32],
        ForgetEvery = [1, 5, 15],
        ForgetRateMultiple = new(1, 30),
        ReadoutRateMultiple = new(0.2, 1),
    };

    protected override NetworkOptions CreateNetwork() => new() { Kind = NetworkKind.ConvNet, Channels = [32, 64, 128] };
}
