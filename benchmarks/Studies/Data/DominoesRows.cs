using Microsoft.ML;

namespace Studies;

/// <summary>
/// The rows of dominoes: training rows of known agreement, validation rows of which half agree, test rows whose digit is independent.
/// </summary>
internal sealed class DominoesRows(StudyOptions options, double agreement) : IStudyRows
{
    private const int ValidationRows = 5_000;
    private const int QuickRows = 128;
    private const int Classes = 10;
    private readonly Lazy<GreyDataset> _garments = new(() => GreyDataset.Read(options.Folder("fashion-mnist"), "train"));
    private readonly Lazy<GreyDataset> _testGarments = new(() => GreyDataset.Read(options.Folder("fashion-mnist"), "t10k"));
    private readonly Lazy<GreyDataset> _digits = new(() => GreyDataset.Read(options.Folder("mnist"), "train"));
    private readonly Lazy<GreyDataset> _testDigits = new(() => GreyDataset.Read(options.Folder("mnist"), "t10k"));

    /// <inheritdoc/>
    public int Count => options.Rows ?? (options.Quick ? QuickRows : 5_000);

    /// <inheritdoc/>
    public StudyData Load(MLContext ml, int seed)
    {
        int[] order = RandomSources.Shuffled(_garments.Value.Classes.Length, RandomSources.For(seed, RandomSources.Rows));
        int validation = options.Quick ? QuickRows : ValidationRows;
        int test = options.Quick ? QuickRows : _testGarments.Value.Classes.Length;
        if (Count + validation > order.Length)
            throw new UsageException($"--rows: at most {order.Length - validation}, the training file less the validation rows.");
        var independent = new Agreement(1.0 / Classes, Classes);
        PackedImages train = Draw(order.AsSpan(0, Count), agreement, RandomSources.TrainingCues);
        PackedImages held = Draw(order.AsSpan(Count, validation), Agreement.InValidation, RandomSources.ValidationCues);
        PackedImages tested = Dominoes.Draw(
            _testGarments.Value, _testDigits.Value, Enumerable.Range(0, test).ToArray(), independent,
            RandomSources.For(RandomSources.TestSeed, RandomSources.TestCues));
        return StudyData.From(ml, FashionClasses.Names, train.ToDataView(ml), held.ToDataView(ml), tested.ToDataView(ml));

        PackedImages Draw(ReadOnlySpan<int> rows, double agrees, int purpose) =>
            Dominoes.Draw(_garments.Value, _digits.Value, rows, new Agreement(agrees, Classes), RandomSources.For(seed, purpose));
    }
}
