using Microsoft.ML;

namespace Studies;

/// <summary>
/// The rows of two features: in training the halves always agree, in validation and test they are independent, and there one half is the
/// label, the other one random.
/// </summary>
/// <param name="options">What the command line asks for.</param>
/// <param name="label">The half that is the label of validation and test rows.</param>
internal sealed class TwoFeaturesRows(StudyOptions options, Feature label) : IStudyRows
{
    private const double Independent = 0.5;
    private const int HeldRows = 2_000;
    private readonly Lazy<GreyDataset> _garments = new(() => GreyDataset.Read(options.Folder("fashion-mnist"), "train"));
    private readonly Lazy<GreyDataset> _testGarments = new(() => GreyDataset.Read(options.Folder("fashion-mnist"), "t10k"));
    private readonly Lazy<GreyDataset> _digits = new(() => GreyDataset.Read(options.Folder("mnist"), "train"));
    private readonly Lazy<GreyDataset> _testDigits = new(() => GreyDataset.Read(options.Folder("mnist"), "t10k"));

    /// <inheritdoc/>
    public int Count => options.Rows ?? (options.Quick ? 256 : 5_000);

    private int Held => options.Quick ? 256 : HeldRows;

    /// <inheritdoc/>
    public StudyData Load(MLContext ml, int seed) => Keyed(ml, Training(seed, agreement: 1).Images.ToDataView(ml), seed);

    /// <summary>The same rows with the half that is no label random in training, too: whether the other one can be learned.</summary>
    public StudyData LoadBalanced(MLContext ml, int seed) => Keyed(ml, Training(seed, Independent).LabelledBy(label).ToDataView(ml), seed);

    /// <summary>Training rows.</summary>
    public TwoFeatures Training(int seed, double agreement) => Draw(seed, 0, Count, agreement, RandomSources.TrainingCues);

    /// <summary>Rows to fit decoders to: their halves are independent, and no other rows have their garments.</summary>
    public TwoFeatures Decoding(int seed) => Draw(seed, Count + Held, Held, Independent, RandomSources.DecodingCues);

    /// <summary>Test rows, the same for every seed; their halves are independent.</summary>
    public TwoFeatures Testing()
    {
        int[] rows = TwoFeatures.RowsOf(_testGarments.Value);
        return TwoFeatures.Draw(
            _testGarments.Value, _testDigits.Value, options.Quick ? rows.AsSpan(0, Held) : rows, Independent,
            RandomSources.For(RandomSources.TestSeed, RandomSources.TestCues));
    }

    private StudyData Keyed(MLContext ml, IDataView train, int seed) => StudyData.From(
        ml, TwoFeatures.Classes, train,
        Draw(seed, Count, Held, Independent, RandomSources.ValidationCues).LabelledBy(label).ToDataView(ml),
        Testing().LabelledBy(label).ToDataView(ml));

    private TwoFeatures Draw(int seed, int first, int count, double agreement, int purpose)
    {
        int[] rows = TwoFeatures.RowsOf(_garments.Value);
        int most = rows.Length - (2 * Held);
        if (Count > most)
            throw new UsageException($"--rows: at most {most}, the pullovers and dresses of the training file less those held out.");
        RandomSources.For(seed, RandomSources.Rows).Shuffle(rows);
        return TwoFeatures.Draw(_garments.Value, _digits.Value, rows.AsSpan(first, count), agreement, RandomSources.For(seed, purpose));
    }
}
