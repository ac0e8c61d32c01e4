using System.Globalization;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.FeatureSieve;

namespace MLSieve.Tests;

/// <summary>
/// What automatic options come to in one kind of training, in the words of docs/training.md: the same in every trainer that has the option,
/// by every optimiser, with few rows and with many.
/// </summary>
internal sealed class AutomaticColumn : IDisposable
{
    private const int Few = 2, Many = 1_000_000;
    private const int Some = 80 * 32; // 80 batches of the default size

    private readonly StagedNetwork _network;
    private readonly Settled[] _settled;

    /// <param name="network">The network.</param>
    /// <param name="shape">What it reads.</param>
    /// <param name="pretrained">Whether its weights were trained before.</param>
    public AutomaticColumn(NetworkOptions network, FeatureShape shape, bool pretrained)
    {
        _network = NetworkFactory.Create(network, shape, shape is ImageShape ? PixelRange.Bytes : null, 2, 1, _ => { });
        _settled =
        [
            .. from asked in Enum.GetValues<OptimizerKind>()
               from rows in new[] { Few, Some, Many }
               let facts = new TrainingFacts(_network, pretrained, rows)
               from options in Options(asked)
               select new Settled(AutomaticSettings.Settle(options, facts, _ => { }), asked, facts),
        ];
    }

    /// <summary>The column of the table that has vectors and images.</summary>
    public (string Option, string Cell)[] OfAll =>
    [
        ("`Optimizer.Kind`", Of(each => each.Asked == OptimizerKind.Automatic ? $"`{each.Options.Optimizer.Kind}`" : null)),
        ("`Optimizer.LearningRate`: SGD (AdamW)", $"{Rate(OptimizerKind.Sgd)} ({Rate(OptimizerKind.AdamW)})"),
        ("`Optimizer.ClipNorm`, `Schedule.WarmUpSteps`", Of(each => $"{Text(each.Options.Optimizer.ClipNorm)}, {WarmUp(each)}")),
        ("`Schedule.Kind`", Of(each => $"`{each.Options.Schedule.Kind}`")),
        ("`Epochs`: enough for 1,000 steps", Epochs()),
        ("the sieve's `Readout.Depth`, `Width`", Of(each => Strength((each.Options as FeatureSieveTrainer.Options)?.Readout, each.Facts))),
        (
            "distillation's `Readout.Depth`, `Width`",
            Of(each => Strength((each.Options as DebiasedDistillationTrainer.Options)?.Readout, each.Facts))),
        ("`ReadoutLearningRate`", Of(each => TimesMain(ReadoutRate(each.Options)))),
        ("`ForgetLearningRate`", Of(each => TimesMain((each.Options as FeatureSieveTrainer.Options)?.ForgetLearningRate))),
        ("`JustTrainTwice.UpWeight`", Of(each => Text(TwiceOf(each.Options)?.UpWeight))),
        ("`JustTrainTwice.IdentificationEpochs`: at least 1", Of(IdentificationEpochs)),
        ("distillation's `Beta`", Of(each => Text((each.Options as DebiasedDistillationTrainer.Options)?.Beta))),
    ];

    /// <summary>The column of the table that has what differs on texts.</summary>
    public (string Option, string Cell)[] OfTexts =>
    [
        (
            "`Optimizer.Kind`, `LearningRate`",
            Of(each => each.Asked == OptimizerKind.Automatic
                ? $"`{each.Options.Optimizer.Kind}`, {Text(each.Options.Optimizer.LearningRate)}" : null)),
        ("`Optimizer.ClipNorm`", Of(each => Text(each.Options.Optimizer.ClipNorm))),
        ("`Schedule.Kind`, `WarmUpSteps`", Of(each => $"`{each.Options.Schedule.Kind}`, {WarmUp(each)}")),
        ("`Epochs`: enough for 1,000 steps", Epochs()),
    ];

    public void Dispose() => _network.Dispose();

    private static TrainerOptions[] Options(OptimizerKind asked) =>
    [
        new EarlyReadoutEstimator.Options { Optimizer = { Kind = asked } },
        new FeatureSieveTrainer.Options { Optimizer = { Kind = asked } },
        new DebiasedDistillationTrainer.Options { Optimizer = { Kind = asked } },
    ];

    /// <summary>What a cell comes to in all that are settled; in those that it is <see langword="null"/> for it is not looked at.</summary>
    private string Of(Func<Settled, string?> cell) => Assert.Single(_settled.Select(cell).OfType<string>().Distinct());

    private string Rate(OptimizerKind kind) =>
        Of(each => each.Options.Optimizer.Kind == kind ? Text(each.Options.Optimizer.LearningRate) : null);

    private string Epochs()
    {
        Assert.Equal("13", EpochsOver(Some)); // 12 times 80 steps are not enough
        return $"from {EpochsOver(Many)} to {EpochsOver(Few)}";
    }

    private string EpochsOver(int rows) => Of(each => each.Facts.Rows == rows ? Text(each.Options.Epochs) : null);

    private string? TimesMain(double? rate)
    {
        Settled descent = _settled.First(each => each.Asked == OptimizerKind.Sgd);
        return rate is null ? null : $"{Text(rate / descent.Options.Optimizer.LearningRate)} × the main rate";
    }

    private static string WarmUp(Settled each)
    {
        int steps = each.Options.Schedule.WarmUpSteps!.Value;
        return steps > 0 && steps == each.Options.StepsOver(each.Facts.Rows) / 10 ? "a tenth of the steps" : Text(steps)!;
    }

    private static string? Strength(ReadoutOptions? readout, TrainingFacts facts)
    {
        if (readout is null or { Depth: 0 }) return Text(readout?.Depth);
        bool isStages = readout.Width == facts.ChannelsOf(readout.Stage);
        return $"{Text(readout.Depth)}, {(isStages ? "as the stage" : Text(readout.Width))}";
    }

    private static string? IdentificationEpochs(Settled each)
    {
        if (TwiceOf(each.Options) is not { } twice) return null;
        return twice.IdentificationEpochs == Math.Max(1, each.Options.Epochs!.Value / 5)
            ? "a fifth of the epochs" : Text(twice.IdentificationEpochs);
    }

    private static double? ReadoutRate(TrainerOptions options) => options switch
    {
        EarlyReadoutEstimator.Options readouts => readouts.ReadoutLearningRate,
        FeatureSieveTrainer.Options sieve => sieve.ReadoutLearningRate,
        DebiasedDistillationTrainer.Options student => student.ReadoutLearningRate,
        _ => null,
    };

    private static JustTrainTwiceOptions? TwiceOf(TrainerOptions options) => options switch
    {
        EarlyReadoutEstimator.Options readouts => readouts.Objective.JustTrainTwice,
        DebiasedDistillationTrainer.Options student => student.JustTrainTwice,
        _ => null,
    };

    private static string? Text(double? number) => number?.ToString("0.######", CultureInfo.InvariantCulture);

    /// <summary>A trainer's options, of which none is automatic any more.</summary>
    /// <param name="Options">The options.</param>
    /// <param name="Asked">The optimiser that was asked for.</param>
    /// <param name="Facts">What is trained.</param>
    private sealed record Settled(TrainerOptions Options, OptimizerKind Asked, TrainingFacts Facts);
}
