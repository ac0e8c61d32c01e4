using Microsoft.ML;
using Quickstart;
using SkiaSharp;

namespace Studies;

/// <summary>
/// The Quickstart's generated images, painted straight into memory: the background goes with the shape in most training rows, and says
/// nothing of it in validation and test rows, which are the same for every seed.
/// </summary>
internal sealed class ShapesRows(StudyOptions options) : IStudyRows
{
    /// <summary>How often the background goes with the shape in training.</summary>
    public const double TrainingAgreement = 0.97;

    private const int QuickRows = 128;

    /// <inheritdoc/>
    public int Count => options.Rows ?? (options.Quick ? QuickRows : 3_000);

    /// <inheritdoc/>
    public StudyData Load(MLContext ml, int seed)
    {
        return StudyData.From(
            ml, BiasedShapes.Shapes, Drawn(Count, TrainingAgreement, seed),
            Drawn(options.Quick ? QuickRows : BiasedShapes.ValidationRows, BiasedShapes.Independent, BiasedShapes.ValidationSeed),
            Drawn(options.Quick ? QuickRows : BiasedShapes.TestRows, BiasedShapes.Independent, BiasedShapes.TestSeed));

        IDataView Drawn(int count, double agreement, int drawSeed) =>
            Paint(BiasedShapes.Draw(count, agreement, drawSeed)).ToDataView(ml);
    }

    private static PackedImages Paint(IReadOnlyList<ShapeSample> samples)
    {
        PackedImages packed = PackedImages.Allocate(samples.Count, 3, ShapePainter.Side, ShapePainter.Side);
        for (int i = 0; i < samples.Count; i++)
        {
            using SKBitmap bitmap = ShapePainter.Paint(samples[i]);
            Separate(bitmap.GetPixelSpan(), packed[i]);
            packed.Labels[i] = BiasedShapes.Shapes[samples[i].Shape];
            packed.Cues[i] = Agreement.Name(samples[i].Shape, samples[i].Background);
        }

        return packed;
    }

    private static void Separate(ReadOnlySpan<byte> rgba, Span<byte> planes)
    {
        int plane = planes.Length / 3;
        for (int p = 0; p < plane; p++)
            for (int channel = 0; channel < 3; channel++)
                planes[(channel * plane) + p] = rgba[(4 * p) + channel];
    }
}
