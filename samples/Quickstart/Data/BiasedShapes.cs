namespace Quickstart;

/// <summary>
/// One image to be: which shape it shows (the label), on which background (the cue), and the seed of everything else about it.
/// </summary>
internal sealed record ShapeSample(int Shape, int Background, int PaintSeed)
{
    /// <summary>Whether the background is the one that goes with the shape.</summary>
    public bool Agrees => Shape == Background;
}

/// <summary>
/// A data set with a spurious cue, as where each kind of part comes from a line of its own and is photographed on that line's belt: every
/// shape has a background colour of its own, which agrees with the shape with a given probability in training and is independent of it on
/// validation and test images. The colour is simple, the shape is not.
/// </summary>
internal static class BiasedShapes
{
    /// <summary>Images that epochs and settings are chosen on.</summary>
    public const int ValidationRows = 800;

    /// <summary>The seed of the validation images: all trainings choose on the same ones.</summary>
    public const int ValidationSeed = 1_000_000;

    /// <summary>Test images.</summary>
    public const int TestRows = 1_200;

    /// <summary>The seed of the test images: all trainings are tested on the same ones.</summary>
    public const int TestSeed = 3_000_000;

    /// <summary>The strength at which the background says nothing about the shape.</summary>
    public const double Independent = 0.25;

    /// <summary>The classes.</summary>
    public static readonly string[] Shapes = ["cross", "square", "star", "triangle"];

    /// <summary>Background colours; background i goes with shape i.</summary>
    public static readonly string[] Backgrounds = ["blue", "green", "orange", "purple"];

    /// <summary>Draws samples; the shapes are equally frequent.</summary>
    /// <param name="count">How many.</param>
    /// <param name="strength">The probability that the background is the shape's own; else it is one of the others. 0.25 makes it
    /// independent.</param>
    /// <param name="seed">Equal seeds draw equal samples.</param>
    public static IReadOnlyList<ShapeSample> Draw(int count, double strength, int seed)
    {
        var random = new Random(seed);
        var samples = new ShapeSample[count];
        for (int i = 0; i < count; i++)
        {
            int shape = i % Shapes.Length;
            bool agrees = random.NextDouble() < strength;
            int background = agrees ? shape : (shape + 1 + random.Next(Shapes.Length - 1)) % Shapes.Length;
            samples[i] = new ShapeSample(shape, background, random.Next());
        }

        random.Shuffle(samples);
        return samples;
    }
}
