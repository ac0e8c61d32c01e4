using Microsoft.ML;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.FeatureSieve;

namespace Studies;

/// <summary>Fashion-MNIST above an MNIST digit: does the sieve look past the digit?</summary>
internal sealed class DominoesStudy(StudyOptions options, double agreement) : SieveStudy(options)
{
    private const int ValidationRows = 5_000;
    private const int Classes = 10;
    private readonly Lazy<GreyDataset> _garments = new(() => GreyDataset.Read(options.Folder("fashion-mnist"), "train"));
    private readonly Lazy<GreyDataset> _testGarments = new(() => GreyDataset.Read(options.Folder("fashion-mnist"), "t10k"));
    private readonly Lazy<GreyDataset> _digits = new(() => GreyDataset.Read(options.Folder("mnist"), "train"));
    private readonly Lazy<GreyDataset> _testDigits = new(() => GreyDataset.Read(options.Folder("mnist"), "t10k"));

    public override string Name => FormattableString.Invariant($"dominoes-{agreement}");

    public override string Description => FormattableString.Invariant(
        $"Fashion-MNIST above an MNIST digit of its class in {agreement:P0} of {Rows} training rows, of any class in the test; 1 × 56 × 28; ConvNet 32-64-128.");

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

    public override string Fingerprint => FormattableString.Invariant($"{Name} rows {Rows} epochs {Epochs}");

    private int Rows => Options.Rows ?? (Options.Quick ? 256 : 5_000);

    private int Epochs => Options.Epochs ?? (Options.Quick ? 1 : 6);

    public override StudyData Load(MLContext ml, int seed, CancellationToken cancellation)
    {
        int[] order = Draws.Shuffled(_garments.Value.Classes.Length, Draws.For(seed, Draws.Rows));
        int validation = Options.Quick ? 256 : ValidationRows;
        int test = Options.Quick ? 256 : _testGarments.Value.Classes.Length;
        if (Rows + validation > order.Length) throw new UsageException($"--rows: at most {order.Length - validation}, the training file less the validation rows.");
        var biased = new Agreement(agreement, Classes);
        var independent = new Agreement(1.0 / Classes, Classes);
        PackedImages train = Dominoes.Draw(_garments.Value, _digits.Value, order.AsSpan(0, Rows), biased, Draws.For(seed, Draws.TrainingCues));
        PackedImages held = Dominoes.Draw(_garments.Value, _digits.Value, order.AsSpan(Rows, validation), biased, Draws.For(seed, Draws.ValidationCues));
        PackedImages tested = Dominoes.Draw(
            _testGarments.Value, _testDigits.Value, Enumerable.Range(0, test).ToArray(), independent, Draws.For(Draws.TestSeed, Draws.TestCues));
        return StudyData.From(ml, FashionClasses.Names, train.ToDataView(ml), held.ToDataView(ml), tested.ToDataView(ml));
    }

    public override FeatureSieveTrainer.Options CreateOptions() => new()
    {
        Network = { Kind = NetworkKind.ConvNet, Channels = [32, 64, 128] },
        Epochs = Epochs,
        BatchSize = 32,
    };
}
