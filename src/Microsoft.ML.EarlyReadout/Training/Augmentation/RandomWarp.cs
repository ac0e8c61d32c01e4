using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// Rotates images at random, and resizes random crops of them to their own size, as torchvision's <c>RandomRotation</c> and
/// <c>RandomResizedCrop</c> draw them: both in one bilinear sampling.
/// </summary>
/// <threadsafety>Thread-safe.</threadsafety>
internal sealed class RandomWarp(double rotation, double cropScale)
{
    /// <summary>Whether images are changed at all.</summary>
    public bool IsActive => rotation > 0 || cropScale < 1;

    /// <summary>Draws for each image, and samples.</summary>
    /// <param name="images">(B, C, H, W), float32, black is 0; not changed.</param>
    /// <param name="seeds">What is drawn by.</param>
    /// <param name="first">The place of the first image among those that are drawn for.</param>
    public Tensor Apply(Tensor images, SeedSequence seeds, int first = 0)
    {
        SplitMix64 turns = seeds.For("rotation").Numbers(), cuts = seeds.For("resized crop").Numbers();
        var degrees = new double[images.shape[0]];
        var crops = new CropBox[degrees.Length];
        for (int i = -first; i < degrees.Length; i++)
        {
            double turn = turns.NextBetween(-rotation, rotation);
            CropBox crop = cropScale < 1
                ? CropBox.Draw((int)images.shape[2], (int)images.shape[3], cropScale, ref cuts)
                : new CropBox(0, 0, (int)images.shape[2], (int)images.shape[3]);
            if (i >= 0) (degrees[i], crops[i]) = (turn, crop);
        }

        return Sample(images, degrees, crops);
    }

    /// <summary>Rotates each image, and resizes a crop of what comes out to the image's size.</summary>
    /// <param name="images">(B, C, H, W), float32; beyond their borders there is 0.</param>
    /// <param name="degrees">How far each image is rotated, counter-clockwise.</param>
    /// <param name="crops">The crop of each.</param>
    /// <returns>(B, C, H, W).</returns>
    public static Tensor Sample(Tensor images, ReadOnlySpan<double> degrees, ReadOnlySpan<CropBox> crops)
    {
        int count = crops.Length, height = (int)images.shape[2], width = (int)images.shape[3];
        float[] across = new float[count * width], down = new float[count * height], cosines = new float[count], sines = new float[count];
        for (int i = 0; i < count; i++)
        {
            Place(crops[i].Left, crops[i].Width, across.AsSpan(i * width, width));
            Place(crops[i].Top, crops[i].Height, down.AsSpan(i * height, height));
            (double sine, double cosine) = double.SinCosPi(degrees[i] / 180);
            (sines[i], cosines[i]) = ((float)sine, (float)cosine);
        }

        using var scope = NewDisposeScope();
        Tensor x = Send(across, 1, width), y = Send(down, height, 1); // (B, 1, W), (B, H, 1)
        Tensor cos = Send(cosines, 1, 1), sin = Send(sines, 1, 1); // (B, 1, 1)
        Tensor fromX = x.mul(cos).sub(y.mul(sin)), fromY = x.mul(sin).add(y.mul(cos), Scalars.One); // (B, H, W)
        Tensor grid = stack([fromX.mul(Scalars.Of(2.0 / width)), fromY.mul(Scalars.Of(2.0 / height))], -1); // (B, H, W, 2)
        return nn.functional.grid_sample(
            images, grid, mode: GridSampleMode.Bilinear, padding_mode: GridSamplePaddingMode.Zeros, align_corners: false)
            .MoveToOuterDisposeScope();

        Tensor Send(float[] numbers, int rows, int columns) => DeviceCopy.Send(numbers, images.device).view(count, rows, columns);
    }

    // Where the pixels of a side lie in the image, from its middle. As in torchvision, a resized crop knows no pixel outside of it.
    private static void Place(int start, int length, Span<float> side)
    {
        for (int i = 0; i < side.Length; i++)
        {
            double inCrop = Math.Clamp((i + 0.5) * length / side.Length - 0.5, 0, length - 1);
            side[i] = (float)(start + inCrop - (side.Length - 1) / 2.0);
        }
    }
}
