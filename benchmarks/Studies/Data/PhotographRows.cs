using Microsoft.ML;

namespace Studies;

/// <summary>
/// The photographs of a data set with splits of its own, 3 × side × side, the same for every seed. Decoded once: a byte a value, shared by
/// all seeds and settings.
/// </summary>
/// <param name="options">What the command line asks for.</param>
/// <param name="ownSide">Side of an image in pixels unless the command line says otherwise.</param>
/// <param name="read">Reads the lists of the data set.</param>
internal sealed class PhotographRows(StudyOptions options, int ownSide, Func<DataSet> read) : IStudyRows
{
    private const int QuickRows = 48;
    private readonly Lazy<DataSet> _set = new(read);
    private readonly Dictionary<string, PackedImages> _images = [];

    /// <summary>Side of an image in pixels.</summary>
    public int Side => options.Size ?? ownSide;

    /// <inheritdoc/>
    public int Count => options.Quick ? QuickRows : _set.Value.Of(Splits.Train).Count;

    /// <inheritdoc/>
    public StudyData Load(MLContext ml, int seed) =>
        StudyData.From(ml, _set.Value.Labels, View(ml, Splits.Train), View(ml, Splits.Validation), View(ml, Splits.Test));

    private IDataView View(MLContext ml, string split)
    {
        if (!_images.TryGetValue(split, out PackedImages? images))
            _images[split] = images = DecodedImages.Read(_set.Value, split, Side, options.Quick ? QuickRows : 0);
        return images.ToDataView(ml);
    }
}
