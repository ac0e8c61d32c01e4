using Microsoft.ML;

namespace Studies;

/// <summary>The rows of pets on scenes, 3 × 128 × 128, the same for every seed; in validation and test each pet in front of both places.</summary>
internal sealed class PetsRows(StudyOptions options) : IStudyRows
{
    /// <summary>The folder in the data folder.</summary>
    public const string Folder = "pets-on-scenes";

    /// <summary>Side of an image in pixels.</summary>
    public const int Side = 128;

    private const int QuickRows = 48;
    private readonly Lazy<DataSet> _set = new(() => DataSets.PetsOnScenes(options.Folder(Folder)));
    private readonly Dictionary<string, PackedImages> _images = []; // decoded once: 59 MB of bytes, shared by all seeds and settings

    /// <inheritdoc/>
    public int Count => options.Quick ? QuickRows : _set.Value.Of(Splits.Train).Count;

    /// <inheritdoc/>
    public StudyData Load(MLContext ml, int seed) =>
        StudyData.From(ml, _set.Value.Labels, View(ml, Splits.Train), View(ml, Splits.Validation), View(ml, Splits.Test));

    private IDataView View(MLContext ml, string split)
    {
        if (!_images.TryGetValue(split, out PackedImages? images))
            _images[split] = images = DecodedImages.Read(_set.Value, split, Side, options.Quick ? QuickRows : 0, CancellationToken.None);
        return images.ToDataView(ml);
    }
}
