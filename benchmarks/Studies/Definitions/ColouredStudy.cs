using Microsoft.ML;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.FeatureSieve;

namespace Studies;

/// <summary>Fashion-MNIST tinted by class: does the sieve look past the colour?</summary>
internal sealed class ColouredStudy(StudyOptions options, double agreement) : SieveStudy(options)
{
    private readonly ColouredRows _rows = new(options, agreement, validationAgreement: agreement);

    public override string Name => agreement == 0.98 ? "coloured" : FormattableString.Invariant($"coloured-{agreement}");

    public override string Description => FormattableString.Invariant(
        $"Fashion-MNIST tinted by its class's colour in {agreement:P0} of {_rows.Count} training rows, in ")
            + FormattableString.Invariant($"{ColouredRows.TestAgreement:P0} of the test rows; 3 × 28 × 28; ConvNet 32-64-128.");

    public override SearchSpace Space { get; } = new()
    {
        LearningRates = [0.02, 0.05, 0.1],
        Stages = [1, 2, 3],
        Depths = [0, 1],
        Width = 32,
        ForgetEvery = [2, 5, 10],
        ForgetRates = [0.02, 0.05, 0.1, 0.2, 0.5],
        ReadoutRates = [0.01, 0.05],
    };

    public override int DefaultTrials => 24;

    public override string Fingerprint => FormattableString.Invariant($"{Name} rows {_rows.Count} epochs {Epochs}");

    private int Epochs => Options.Epochs ?? (Options.Quick ? 1 : 6);

    public override StudyData Load(MLContext ml, int seed, CancellationToken cancellation) => _rows.Load(ml, seed);

    public override FeatureSieveTrainer.Options CreateOptions() => new()
    {
        Network = { Kind = NetworkKind.ConvNet, Channels = [32, 64, 128] },
        Epochs = Epochs,
        BatchSize = 32,
    };
}
