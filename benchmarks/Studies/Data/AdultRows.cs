using AdultIncome;
using Microsoft.ML;

namespace Studies;

/// <summary>
/// The rows of UCI Adult: columns Features, Label (income) and Cue (sex); its own test split, some of its training rows for validation.
/// </summary>
internal sealed class AdultRows(StudyOptions options) : IStudyRows
{
    /// <summary>The folder in the data folder.</summary>
    public const string Folder = "adult";

    /// <summary>How much of the training file validates.</summary>
    public const double ValidationFraction = 0.2;

    private readonly Lazy<AdultRow[]> _training = new(() => AdultRow.Read(Path.Combine(options.Folder(Folder), "adult.data.gz")));
    private readonly Lazy<AdultRow[]> _testing = new(() => AdultRow.Read(Path.Combine(options.Folder(Folder), "adult.test.gz")));

    /// <inheritdoc/>
    public int Count => Math.Min(options.Rows ?? (options.Quick ? 512 : int.MaxValue), _training.Value.Length - Held);

    private int Held => (int)(_training.Value.Length * ValidationFraction);

    /// <inheritdoc/>
    public StudyData Load(MLContext ml, int seed)
    {
        AdultRow[] rows = _training.Value;
        int[] order = RandomSources.Shuffled(rows.Length, RandomSources.For(seed, RandomSources.Rows));
        IDataView train = View(order[Held..(Held + Count)].Select(row => rows[row]));
        ITransformer features = AdultFeatures.Known(ml)
            .Append(AdultFeatures.Create(ml))
            .Append(ml.Transforms.SelectColumns("Features", "Label", "Cue"))
            .Fit(train);
        return new StudyData(Cached(train), Cached(View(order[..Held].Select(row => rows[row]))), Cached(View(_testing.Value)));

        IDataView View(IEnumerable<AdultRow> some) => ml.Data.LoadFromEnumerable([.. some]);

        IDataView Cached(IDataView view) => ml.Data.Cache(features.Transform(view));
    }
}
