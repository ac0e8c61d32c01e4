using Microsoft.ML;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.FeatureSieve;

namespace Studies;

/// <summary>Fashion-MNIST tinted by class: does the sieve look past the colour?</summary>
internal sealed class ColouredStudy(StudyOptions options, double agreement) : SieveStudy(options)
{
    private const int ValidationRows = 5_000;
    private const double TestAgreement = 0.5;
    private const int Classes = 10;
    private readonly Lazy<GreyDataset> _training = new(() => GreyDataset.Read(options.Folder("fashion-mnist"), "train"));
    private readonly Lazy<GreyDataset> _testing = new(() => GreyDataset.Read(options.Folder("fashion-mnist"), "t10k"));

    public override string Name => agreement == 0.98 ? "coloured" : FormattableString.Invariant($"coloured-{agreement}");

    public override string Description => FormattableString.Invariant(
        $"Fashion-MNIST tinted by its class's colour in {agreement:P0} of {Rows} training rows, in {TestAgreement:P0} of the test rows; 3 × 28 × 28; ConvNet 32-64-128.");

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

    public override string Fingerprint => FormattableString.Invariant($"{Name} rows {Rows} epochs {Epochs}");

    private int Rows => Options.Rows ?? (Options.Quick ? 256 : 5_000);

    private int Epochs => Options.Epochs ?? (Options.Quick ? 1 : 6);

    public override StudyData Load(MLContext ml, int seed, CancellationToken cancellation)
    {
        int[] order = Draws.Shuffled(_training.Value.Classes.Length, Draws.For(seed, Draws.Rows));
        int validation = Options.Quick ? 256 : ValidationRows;
        int test = Options.Quick ? 256 : _testing.Value.Classes.Length;
        if (Rows + validation > order.Length) throw new UsageException($"--rows: at most {order.Length - validation}, the training file less the validation rows.");
        var biased = new Agreement(agreement, Classes);
        PackedImages train = ColouredFashion.Draw(_training.Value, order.AsSpan(0, Rows), biased, Draws.For(seed, Draws.TrainingCues));
        PackedImages held = ColouredFashion.Draw(_training.Value, order.AsSpan(Rows, validation), biased, Draws.For(seed, Draws.ValidationCues));
        PackedImages tested = ColouredFashion.Draw(
            _testing.Value, Enumerable.Range(0, test).ToArray(), new Agreement(TestAgreement, Classes), Draws.For(Draws.TestSeed, Draws.TestCues));
        return StudyData.From(ml, FashionClasses.Names, train.ToDataView(ml), held.ToDataView(ml), tested.ToDataView(ml));
    }

    public override FeatureSieveTrainer.Options CreateOptions() => new()
    {
        Network = { Kind = NetworkKind.ConvNet, Channels = [32, 64, 128] },
        Epochs = Epochs,
        BatchSize = 32,
    };
}
