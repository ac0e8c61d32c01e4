using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// Mirrors and shifts the images of a batch at random: equal seeds change equal batches equally, and the global generator is never touched.
/// </summary>
/// <threadsafety>Thread-safe.</threadsafety>
internal sealed class Augmentation
{
    private readonly ImageShape? _shape; // null for vectors
    private readonly int _padding;
    private readonly bool _flip;
    private readonly Scalar _black;

    /// <summary>Takes the options over.</summary>
    /// <param name="options">The options; changing them afterwards changes nothing.</param>
    /// <param name="shape">The shape of one example. Vectors are never changed.</param>
    /// <param name="black">What images are padded with, in the column's units.</param>
    /// <exception cref="ArgumentException">An option is out of range for that shape; the message holds all faults.</exception>
    public Augmentation(AugmentationOptions options, FeatureShape shape, float black = 0)
    {
        if (string.Join(" ", options.Faults(shape)) is { Length: > 0 } faults)
            throw new ArgumentException(faults, nameof(options));
        _shape = shape as ImageShape;
        _black = Scalars.Of(black);
        _padding = _shape is null ? 0 : options.CropPadding;
        _flip = _shape is not null && options.HorizontalFlip;
    }

    /// <summary>Whether batches are changed at all.</summary>
    public bool IsActive => _flip || _padding > 0;

    /// <summary>
    /// Mirrors each image with probability one half and takes from each, padded by black, a crop of the original size, as the options say.
    /// </summary>
    /// <param name="features">(B, C, H, W) or (B, H, W, C), of any number type, on any device; not changed.</param>
    /// <param name="seed">The seed of this batch.</param>
    /// <returns>The new batch; <paramref name="features"/> itself where nothing is to be changed.</returns>
    public Tensor Apply(Tensor features, ulong seed)
    {
        if (_shape is not { } shape || !IsActive)
            return features;
        using var scope = NewDisposeScope();
        var random = new SplitMix64(seed);
        int rows = shape.Layout == ImageLayout.ChannelsFirst ? 2 : 1;
        int columns = rows + 1;
        var padded = Pad(features, shape, rows); // (B, C, H + 2P, W + 2P) or (B, H + 2P, W + 2P, C)
        // The whole batch is mirrored at once: that costs less than a call for each image.
        var mirrored = _flip ? padded.flip(columns) : padded;
        var images = new Tensor[features.shape[0]];
        for (int i = 0; i < images.Length; i++)
        {
            var source = _flip && random.NextBelow(2) == 1 ? mirrored : padded;
            var image = source.narrow(0, i, 1);
            images[i] = _padding == 0 ? image
                : image.narrow(rows, Offset(ref random), shape.Height).narrow(columns, Offset(ref random), shape.Width);
        }
        return cat(images).MoveToOuterDisposeScope(); // (B, C, H, W) or (B, H, W, C)
    }

    private long Offset(ref SplitMix64 random) => (long)random.NextBelow(2 * (ulong)_padding + 1);

    private Tensor Pad(Tensor features, ImageShape image, int rows)
    {
        if (_padding == 0)
            return features;
        long[] shape = features.shape;
        shape[rows] += 2 * _padding;
        shape[rows + 1] += 2 * _padding;
        var padded = full(shape, _black, features.dtype, features.device);
        padded.narrow(rows, _padding, image.Height).narrow(rows + 1, _padding, image.Width).copy_(features);
        return padded;
    }
}
