using Microsoft.ML.EarlyReadout;

namespace Studies;

/// <summary>
/// A residual network teaches SqueezeNet to read photographs that show a shortcut; both start from ImageNet weights, since a few hundred
/// photographs teach a fresh network next to nothing.
/// </summary>
/// <param name="options">What the command line asks for.</param>
/// <param name="set">The data set, in a word.</param>
/// <param name="epochs">Epochs unless the command line says otherwise.</param>
/// <param name="rows">The rows, with splits of their own.</param>
internal sealed class PhotographDistillationStudy(StudyOptions options, string set, int epochs, IStudyRows rows)
    : DistillationStudy(options, rows)
{
    protected override string Subject => $"{set}-distillation";

    public override string Description => FormattableString.Invariant(
        $"{set}, its own splits, {RowCount} training rows; teacher DnnImageFeaturizer's ResNet-18, student SqueezeNet 1.1, both from ")
        + FormattableString.Invariant($"ImageNet weights; {Steps} steps of {BatchSize} by cosine.");

    public override string FinalFigure => StudyMetrics.Worst;

    protected override int OwnEpochs => epochs;

    protected override double OwnRate => 0.001;

    protected override int OwnTeacherEpochs => epochs / 2;

    protected override double TeacherRate => 0.001;

    protected override ScheduleKind Schedule => ScheduleKind.Cosine;

    protected override int[] IdentificationEpochs => [1, 3];

    protected override int[] ReadoutStages => [1, 2];

    protected override double[] Betas => [1, 2, 4];

    protected override int ReadoutWidth => 64;

    protected override NetworkOptions CreateNetwork() => ImageNetWeights.SqueezeNet(Options);

    protected override NetworkOptions CreateTeacher() => ImageNetWeights.ResNet18(Options);
}
