using Microsoft.ML.EarlyReadout;

namespace Studies;

/// <summary>
/// Texts that MiniLM-L6 learns from its weights as BERT is fine-tuned. A training takes minutes, so each method tries few settings, and the
/// sieve as one update is left out.
/// </summary>
internal abstract class TextStudy : ShortcutStudy
{
    /// <summary>How many settings of a method are tried, but for the sieve's.</summary>
    public const int MostSettings = 3;

    /// <summary>Makes one.</summary>
    /// <param name="options">What the command line asks for.</param>
    /// <param name="rows">The rows.</param>
    protected TextStudy(StudyOptions options, IStudyRows rows)
        : base(options, rows)
    {
        if (options.Agreements.Count > 0) throw new UsageException("--agreement: texts say what they say; leave it out.");
        if (options.Size is not null) throw new UsageException("--size: texts have no side; leave it out.");
    }

    public override string Description => FormattableString.Invariant(
        $"{Question}, {RowCount} training rows; MiniLM-L6 from its weights, at most {MaxTokens} tokens; ")
        + FormattableString.Invariant($"{Steps} steps of {BatchSize} by AdamW, rate {Rate}.");

    public override string FinalFigure => StudyMetrics.Worst;

    /// <summary>What is asked, and of which rows, for the report.</summary>
    protected abstract string Question { get; }

    /// <summary>The most tokens of a row.</summary>
    protected abstract int MaxTokens { get; }

    /// <summary>The column of second texts; <see langword="null"/> where texts stand alone.</summary>
    protected virtual string? SecondTextColumn => null;

    protected override string Fingerprint => FormattableString.Invariant($"{base.Fingerprint} tokens {MaxTokens}");

    protected override void SetInput(TrainerOptions trainer) => trainer.TextColumnName = "Text";

    protected override int OwnEpochs => 3;

    protected override double OwnRate => AutomaticValues.FineTuningTexts.AdamWRate;

    protected override double DescentRate => AutomaticValues.FineTuningTexts.SgdRate;

    protected override ScheduleKind Schedule => ScheduleKind.Linear;

    protected override int[] IdentificationEpochs => [1];

    protected override int OwnTrials => 6;

    protected override SearchSpace Space => new()
    {
        LearningRates = [Rate],
        Stages = [1, 2, 3, 4],
        Depths = [0, 1],
        Width = 64,
        ForgetEvery = [1, 5],
        ForgetRates = [Times(1), Times(10), Times(30)],
        ReadoutRates = [Times(1), Times(10)],
    };

    protected override IReadOnlyList<Method> Methods =>
        [.. base.Methods.Where(method => method.Name != "sieve-joint").Select(method => Few(method, MostSettings))];

    protected override NetworkOptions CreateNetwork() => MiniLm.Encoder(Options, MaxTokens);

    protected override void Prepare(TrainerOptions trainer)
    {
        trainer.SecondTextColumnName = SecondTextColumn;
        MiniLm.FineTune(trainer);
    }
}
