using Microsoft.ML;

namespace Studies;

/// <summary>The rows of coloured Fashion-MNIST: training rows of known agreement, validation and test rows of which half agree.</summary>
internal sealed class ColouredRows(StudyOptions options, double agreement) : IStudyRows
{
    private const double TestAgreement = 0.5;
    private const int ValidationRows = 5_000;
    private const int Classes = 10;
    private readonly Lazy<GreyDataset> _training = new(() => GreyDataset.Read(options.Folder("fashion-mnist"), "train"));
    private readonly Lazy<GreyDataset> _testing = new(() => GreyDataset.Read(options.Folder("fashion-mnist"), "t10k"));

    /// <inheritdoc/>
    public int Count => options.Rows ?? (options.Quick ? 256 : 5_000);

    /// <inheritdoc/>
    public StudyData Load(MLContext ml, int seed)
    {
        int[] order = RandomSources.Shuffled(_training.Value.Classes.Length, RandomSources.For(seed, RandomSources.Rows));
        int validation = options.Quick ? 256 : ValidationRows;
        int test = options.Quick ? 256 : _testing.Value.Classes.Length;
        if (Count + validation > order.Length)
            throw new UsageException($"--rows: at most {order.Length - validation}, the training file less the validation rows.");
        PackedImages train = Draw(order.AsSpan(0, Count), agreement, RandomSources.TrainingCues);
        PackedImages held = Draw(order.AsSpan(Count, validation), Agreement.InValidation, RandomSources.ValidationCues);
        int[] tests = [.. Enumerable.Range(0, test)];
        Random testCues = RandomSources.For(RandomSources.TestSeed, RandomSources.TestCues);
        PackedImages tested = ColouredFashion.Draw(_testing.Value, tests, new Agreement(TestAgreement, Classes), testCues);
        return StudyData.From(ml, FashionClasses.Names, train.ToDataView(ml), held.ToDataView(ml), tested.ToDataView(ml));

        PackedImages Draw(ReadOnlySpan<int> rows, double agrees, int purpose) =>
            ColouredFashion.Draw(_training.Value, rows, new Agreement(agrees, Classes), RandomSources.For(seed, purpose));
    }
}
