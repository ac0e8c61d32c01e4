using Microsoft.ML.EarlyReadout;

namespace Studies;

/// <summary>
/// Teacher and student where the colour is drawn to agree with the label as often as asked in training, and in half of the validation
/// rows.
/// </summary>
/// <param name="options">What the command line asks for.</param>
/// <param name="agreement">How often it agrees with the label in training.</param>
internal sealed class ColouredDistillationStudy(StudyOptions options, double agreement)
    : DistillationStudy(options, new ColouredRows(options, agreement))
{
    protected override string Subject => FormattableString.Invariant($"coloured-{100 * agreement:0.##}-distillation");

    public override string Description => FormattableString.Invariant(
        $"coloured, the shortcut agrees in {agreement:P0} of {RowCount} training rows, {Agreement.InValidation:P0} of ")
            + "validation rows; "
        + FormattableString.Invariant($"teacher ResNet-18, student ConvNet 16-32-64; {Steps} steps of {BatchSize}.");

    protected override int OwnEpochs => 40;

    protected override double OwnRate => 0.05;

    protected override int OwnTeacherEpochs => 12;

    protected override double TeacherRate => 0.02;

    protected override int[] IdentificationEpochs => [1, 5];

    protected override int[] ReadoutStages => [1, 2];

    // A network with fresh weights does not bear weights of fifty.
    protected override double[] Betas => [0.5, 1, 2];

    protected override int ReadoutWidth => 32;

    protected override NetworkOptions CreateNetwork() => new() { Kind = NetworkKind.ConvNet, Channels = [16, 32, 64] };

    // The stem for small images has fifteen times the arithmetic.
    protected override NetworkOptions CreateTeacher() => new() { Kind = NetworkKind.ResNet18, Stem = ResNetStem.ImageNet };
}
