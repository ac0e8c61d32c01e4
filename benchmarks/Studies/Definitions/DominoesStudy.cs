using Microsoft.ML;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.FeatureSieve;

namespace Studies;

/// <summary>Fashion-MNIST above an MNIST digit: does the sieve look past the digit?</summary>
internal sealed class DominoesStudy(StudyOptions options, double agreement) : SieveStudy(options)
{
    private readonly DominoesRows _rows = new(options, agreement, validationAgreement: agreement);

    public override string Name => FormattableString.Invariant($"dominoes-{agreement}");

    public override string Description => FormattableString.Invariant(
        $"Fashion-MNIST above an MNIST digit of its class in {agreement:P0} of {_rows.Count} training rows, of any class in the test; 1 ")
            + "× 56 × 28; ConvNet 32-64-128.";

    public override SearchSpace Space { get; } = new()
    {
        LearningRates = [0.02, 0.05, 0.1],
        Stages = [1, 2, 3],
        Depths = [0, 1, 2],
        Width = 32,
        ForgetEvery = [2, 5, 15],
        ForgetRates = [0.003, 0.01, 0.03, 0.1, 0.3],
        ReadoutRates = [0.01, 0.05],
    };

    public override int DefaultTrials => 18;

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
