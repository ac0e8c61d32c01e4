using Microsoft.ML;
using Microsoft.ML.EarlyReadout;
using Microsoft.ML.FeatureSieve;
using Quickstart;
using SkiaSharp;

namespace Studies;

/// <summary>
/// The Quickstart's generated images, painted straight into memory: searches other settings than the Quickstart's one, on more seeds.
/// </summary>
internal sealed class ShapesStudy(StudyOptions options, double strength) : SieveStudy(options)
{
    /// <summary>How often the background goes with the shape in training, where nothing else is asked for.</summary>
    public const double OwnStrength = 0.97;

    public override string Name => strength == OwnStrength ? "shapes" : FormattableString.Invariant($"shapes-{strength}");

    public override string Description => FormattableString.Invariant(
        $"The Quickstart's shapes on backgrounds that agree in {strength:P0} of {Rows} training rows and are independent elsewhere; 3 × ")
            + "24 × 24; ConvNet 8-16-32.";

    public override SearchSpace Space { get; } = new()
    {
        LearningRates = [0.02, 0.05, 0.1],
        Stages = [1, 2],
        Depths = [0, 1],
        Width = 8,
        ForgetEvery = [2, 5, 10],
        ForgetRates = [0.05, 0.1, 0.2, 0.5],
        ReadoutRates = [0.01, 0.05],
    };

    public override int DefaultTrials => 12;

    public override string Fingerprint => FormattableString.Invariant($"{Name} rows {Rows} epochs {Epochs}");

    private int Rows => Options.Rows ?? (Options.Quick ? 128 : 3_000);

    private int Epochs => Options.Epochs ?? (Options.Quick ? 1 : 48);

    public override StudyData Load(MLContext ml, int seed, CancellationToken cancellation)
    {
        IDataView train = Paint(BiasedShapes.Draw(Rows, strength, seed)).ToDataView(ml);
        IDataView validation = Paint(
            BiasedShapes.Draw(Options.Quick ? 128 : BiasedShapes.ValidationRows, BiasedShapes.Independent, BiasedShapes.ValidationSeed))
            .ToDataView(ml);
        IDataView test = Paint(
            BiasedShapes.Draw(Options.Quick ? 128 : BiasedShapes.TestRows, BiasedShapes.Independent, BiasedShapes.TestSeed)).ToDataView(ml);
        return StudyData.From(ml, BiasedShapes.Shapes, train, validation, test);
    }

    public override FeatureSieveTrainer.Options CreateOptions() => new()
    {
        Network = Quickstart.Method.Network,
        Epochs = Epochs,
        BatchSize = 32,
    };

    private static PackedImages Paint(IReadOnlyList<ShapeSample> samples)
    {
        PackedImages packed = PackedImages.Allocate(samples.Count, 3, ShapePainter.Side, ShapePainter.Side);
        for (int i = 0; i < samples.Count; i++)
        {
            using SKBitmap bitmap = ShapePainter.Paint(samples[i]);
            Separate(bitmap.GetPixelSpan(), packed[i]);
            packed.Labels[i] = BiasedShapes.Shapes[samples[i].Shape];
            packed.Cues[i] = samples[i].Agrees ? Agreement.Agrees : Agreement.Conflicts;
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
