using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// Changes brightness, contrast, saturation and hue of images at random, by the formulas of torchvision's <c>ColorJitter</c>: each image by
/// factors of its own, all images of a batch in one random order.
/// </summary>
/// <remarks>Images are (B, C, H, W), float32, from 0, which is black, to 1, white; factors (B, 1, 1, 1).</remarks>
/// <threadsafety>Thread-safe.</threadsafety>
internal sealed class ColorJitter
{
    private readonly Change[] _changes;

    /// <summary>Takes the options over.</summary>
    public ColorJitter(AugmentationOptions options) => _changes =
    [
        .. new Change[]
        {
            new("brightness", Math.Max(0, 1 - options.Brightness), 1 + options.Brightness, Brightness),
            new("contrast", Math.Max(0, 1 - options.Contrast), 1 + options.Contrast, Contrast),
            new("saturation", Math.Max(0, 1 - options.Saturation), 1 + options.Saturation, Saturation),
            new("hue", -options.Hue, options.Hue, Hue),
        }.Where(change => change.To > change.From),
    ];

    /// <summary>Whether images are changed at all.</summary>
    public bool IsActive => _changes.Length > 0;

    /// <summary>Draws for each image, and changes it.</summary>
    /// <param name="images">The images; not changed.</param>
    /// <param name="seeds">What is drawn by.</param>
    /// <param name="first">The place of the first image among those that are drawn for.</param>
    public Tensor Apply(Tensor images, SeedSequence seeds, int first = 0)
    {
        using var scope = NewDisposeScope();
        Tensor changed = images;
        foreach (long next in seeds.For("order of colours").Permutation(_changes.Length))
        {
            Change change = _changes[next];
            SplitMix64 numbers = seeds.For(change.Name).Numbers();
            var factors = new float[images.shape[0]];
            for (int i = 0; i < first; i++) numbers.NextBetween(change.From, change.To);
            for (int i = 0; i < factors.Length; i++) factors[i] = (float)numbers.NextBetween(change.From, change.To);
            changed = change.Make(changed, DeviceCopy.Send(factors, images.device).view(-1, 1, 1, 1));
        }

        return changed.MoveToOuterDisposeScope();
    }

    /// <summary>f·x.</summary>
    public static Tensor Brightness(Tensor images, Tensor factors) => Clamp(images.mul(factors));

    /// <summary>f·x + (1 − f)·m, with the mean grey m of each image.</summary>
    public static Tensor Contrast(Tensor images, Tensor factors) =>
        Clamp(Gray(images).mean([1, 2, 3], keepdim: true).lerp(images, factors));

    /// <summary>f·x + (1 − f)·g, with the grey g of each pixel.</summary>
    public static Tensor Saturation(Tensor images, Tensor factors) => Clamp(Gray(images).lerp(images, factors));

    /// <summary>Turns the hue by a part of the colour circle; what is greatest and least of a pixel's channels stays so.</summary>
    public static Tensor Hue(Tensor images, Tensor turns)
    {
        Tensor red = images.narrow(1, 0, 1), green = images.narrow(1, 1, 1), blue = images.narrow(1, 2, 1); // (B, 1, H, W)
        Tensor most = images.amax([1], keepdim: true), range = most.sub(images.amin([1], keepdim: true));
        Tensor divisor = range.masked_fill(range.eq(Scalars.Zero), Scalars.One); // grey has no hue, and no range to turn it in
        Tensor sixths = where(
            most.eq(red), green.sub(blue).div(divisor),
            where(most.eq(green), blue.sub(red).div(divisor).sub(Scalars.Of(-2)), red.sub(green).div(divisor).sub(Scalars.Of(-4))));
        // From hue to colour as in the CSS standard: a channel is the greatest less the range · max(0, min(1, k, 4 − k)).
        Tensor channels = arange(Scalars.Whole(5), Scalars.Whole(0), Scalars.Whole(-2), ScalarType.Float32, images.device).view(1, 3, 1, 1);
        Tensor k = sixths.add(turns, Scalars.Of(6)).add(channels, Scalars.One).remainder(Scalars.Of(6)); // (B, 3, H, W)
        return most.sub(range.mul(Clamp(minimum(k, k.sub(Scalars.Of(4)).neg()))));
    }

    private static Tensor Clamp(Tensor x) => x.clamp(Scalars.Zero, Scalars.One);

    // Luma of red, green and blue by ITU-R BT.601, as in torchvision.
    private static Tensor Gray(Tensor images) => images.shape[1] == 1 ? images
        : images.narrow(1, 0, 1).mul(Scalars.Of(0.2989))
            .add(images.narrow(1, 1, 1), Scalars.Of(0.587))
            .add(images.narrow(1, 2, 1), Scalars.Of(0.114)); // (B, 1, H, W)

    private sealed record Change(string Name, double From, double To, Func<Tensor, Tensor, Tensor> Make);
}
