using Microsoft.ML.EarlyReadout;
using Microsoft.ML.FeatureSieve;

namespace Studies;

/// <summary>
/// Texts that MiniLM-L6 learns from its weights as BERT is fine-tuned. A training takes minutes, so each method tries few settings, and the
/// sieve as one update is left out.
/// </summary>
/// <param name="options">What the command line asks for.</param>
/// <param name="rows">The rows.</param>
internal abstract class TextStudy(StudyOptions options, IStudyRows rows) : ShortcutStudy(options, rows)
{
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

    protected override double OwnRate => MiniLm.Rate;

    protected override ScheduleKind Schedule => ScheduleKind.Linear;

    protected override int[] IdentificationEpochs => [1];

    protected override int OwnTrials => MiniLm.Trials;

    protected override SieveSpace Space => new()
    {
        Stages = [1, 2, 3, 4],
        Depths = [0, 1],
        Widths = [64],
        ForgetEvery = [1, 5],
        ForgetRateMultiple = new(1, 30),
        ReadoutRateMultiple = new(1, 10),
    };

    // The sieve's settings are drawn by a search, or named by the command line, which means all of them.
    protected override IReadOnlyList<Method> Methods =>
    [
        .. base.Methods.Where(method => method.Name != "sieve-joint")
            .Select(method => method.Name == "sieve" ? method : Few(method, MiniLm.MostSettings)),
    ];

    protected override NetworkOptions CreateNetwork() => MiniLm.Encoder(Options, MaxTokens);

    protected override void Prepare(TrainerOptions trainer) => MiniLm.FineTune(trainer, SecondTextColumn);
}
