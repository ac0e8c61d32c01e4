using Microsoft.ML.EarlyReadout;

namespace Studies;

/// <summary>
/// The six layers of MiniLM teach three of them to read MultiNLI. Texts have no feature maps, so SimKD and DeTT are left out.
/// </summary>
/// <param name="options">What the command line asks for.</param>
internal sealed class TextDistillationStudy(StudyOptions options) : DistillationStudy(options, MultiNliStudy.Rows(options))
{
    protected override string Subject => "multinli-distillation";

    public override string Description => FormattableString.Invariant(
        $"MultiNLI's matched development set, a split of our own, {RowCount} training rows; teacher MiniLM-L6, student every other of its ")
        + FormattableString.Invariant($"layers; {Steps} steps of {BatchSize} by AdamW, rate {Rate}.");

    public override string FinalFigure => StudyMetrics.Worst;

    protected override string Fingerprint =>
        FormattableString.Invariant($"{base.Fingerprint} tokens {MultiNliStudy.Tokens}");

    protected override void SetInput(TrainerOptions trainer) => trainer.TextColumnName = "Text";

    protected override int OwnEpochs => 4;

    protected override double OwnRate => MiniLm.Rate;

    protected override int OwnTeacherEpochs => 3;

    protected override double TeacherRate => OwnRate;

    protected override ScheduleKind Schedule => ScheduleKind.Linear;

    protected override int[] IdentificationEpochs => [1];

    protected override int[] ReadoutStages => [1, 2];

    protected override double[] Betas => [1, 2, 4];

    protected override int ReadoutWidth => 64;

    protected override int OwnTrials => MiniLm.Trials;

    protected override IReadOnlyList<Method> Methods =>
    [
        .. base.Methods.Where(method => method.Name is not ("simkd" or "dett")).Select(method =>
            method.Name.StartsWith("debiased", StringComparison.Ordinal) ? method : Few(method, MiniLm.MostSettings)),
    ];

    protected override NetworkOptions CreateNetwork() => MiniLm.Half(Options, MultiNliStudy.Tokens);

    protected override NetworkOptions CreateTeacher() => MiniLm.Encoder(Options, MultiNliStudy.Tokens);

    protected override void Prepare(TrainerOptions trainer) => MiniLm.FineTune(trainer, TextRows.SecondText);
}
