using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms;
using Microsoft.ML.Transforms.Image;

namespace MLSieve.Tests;

/// <summary>A row with the same example as vector, pixels and image, and its class as text, number and bool.</summary>
internal sealed class ContractRow
{
    /// <summary>Height and width of the images, in pixels.</summary>
    public const int Side = 6;

    private const int Pixel = 3 * Side * Side;

    private static readonly string[] _names = ["İstanbul", "ılık", "żółw"]; // in the order of their code points, in which keys count them

    [VectorType(5)]
    public float[] Vector { get; set; } = [];

    [VectorType(Pixel)]
    public float[] Pixels { get; set; } = [];

    [ImageType(Side, Side)]
    public required MLImage Images { get; set; }

    public string Text { get; set; } = "";

    public float Number { get; set; }

    public bool Flag { get; set; }

    public string Place { get; set; } = "";

    [VectorType(3)]
    public float[] TeacherScore { get; set; } = [];

    [VectorType(2)]
    public float[] TeacherOfFlag { get; set; } = [];

    /// <summary>Draws rows from a seed. Every fourth number of the vector and of the pixels is 0, as in sparse data.</summary>
    /// <param name="count">How many.</param>
    /// <param name="seed">The seed.</param>
    /// <param name="constant">Whether the vector's last number, and all of the image's blue, are the same in all rows.</param>
    public static ContractRow[] Draw(int count, int seed = 1, bool constant = false)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => Draw(random, constant))];
    }

    /// <summary>Rows as a view with the key column Label; the keys are in the order of their values.</summary>
    public static IDataView View(MLContext ml, IEnumerable<ContractRow> rows, string label = nameof(Text))
    {
        IDataView view = ml.Data.LoadFromEnumerable(rows);
        return ml.Transforms.Conversion.MapValueToKey("Label", label, keyOrdinality: ValueToKeyMappingEstimator.KeyOrdinality.ByValue)
            .Fit(view)
            .Transform(view);
    }

    private static ContractRow Draw(Random random, bool constant)
    {
        int c = random.Next(3);
        var vector = new float[5];
        for (int i = 0; i < vector.Length; i++) vector[i] = i % 4 == 0 ? 0 : random.NextSingle() + (i - 1 == c ? 1 : 0);
        vector[4] = constant ? 1.5f : random.Next(2);
        var rgba = new byte[Side * Side * 4];
        for (int i = 0; i < rgba.Length; i++)
        {
            int channel = i % 4;
            rgba[i] = (byte)(channel == 3
                ? 255
                : channel == 2 && constant ? 40 : i / 4 % 4 == 0 ? 0 : random.Next(160) + (channel == c ? 90 : 0));
        }

        var pixels = new float[Pixel]; // (3, H, W)
        for (int i = 0; i < Pixel; i++) pixels[i] = rgba[i % (Side * Side) * 4 + i / (Side * Side)];
        var teacher = new float[3];
        teacher[c] = 2 + random.NextSingle();
        return new ContractRow
        {
            Vector = vector,
            Pixels = pixels,
            Images = MLImage.CreateFromPixels(Side, Side, MLPixelFormat.Rgba32, rgba),
            Text = _names[c],
            Number = c - 1.5f,
            Flag = c == 1,
            Place = random.Next(2) == 0 ? "land" : "water",
            TeacherScore = teacher,
            TeacherOfFlag = c == 1 ? [0, 2.5f] : [2.5f, 0],
        };
    }
}
