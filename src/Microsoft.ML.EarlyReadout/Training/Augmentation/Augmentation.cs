using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout;

/// <summary>
/// Changes the images of a batch at random: equal seeds change equal batches equally, and the global generator is never touched. Mirroring
/// and moving share their numbers; each other kind of change draws from its own, so that it does not depend on which others there are.
/// </summary>
/// <threadsafety>Thread-safe.</threadsafety>
internal sealed class Augmentation
{
    private readonly ImageShape? _shape; // null for vectors
    private readonly int _padding;
    private readonly bool _flip;
    private readonly RandomWarp _warp;
    private readonly ColorJitter _jitter;
    private readonly Scalar _black;
    private readonly Scalar _minusBlack;
    private readonly Scalar _range;

    /// <summary>Takes the options over.</summary>
    /// <param name="options">The options; changing them afterwards changes nothing.</param>
    /// <param name="shape">The shape of one example.</param>
    /// <param name="pixels">What black and white are, in the column's units; <see langword="null"/>: those of bytes.</param>
    /// <exception cref="ArgumentException">An option does not go with that shape; the message holds all faults.</exception>
    public Augmentation(AugmentationOptions options, FeatureShape shape, PixelRange? pixels = null)
    {
        options.Require(shape);
        pixels ??= PixelRange.Bytes;
        _shape = shape as ImageShape;
        (_black, _minusBlack) = (Scalars.Of(pixels.Black), Scalars.Of(-pixels.Black));
        _range = Scalars.Of(pixels.White - pixels.Black);
        (_padding, _flip) = (options.CropPadding, options.HorizontalFlip);
        _warp = new RandomWarp(options.Rotation, options.ResizedCropScale);
        _jitter = new ColorJitter(options);
    }

    /// <summary>Whether batches are changed at all.</summary>
    public bool IsActive => MovesPixels || ComputesPixels;

    private bool MovesPixels => _flip || _padding > 0;

    private bool ComputesPixels => _warp.IsActive || _jitter.IsActive;

    /// <summary>Changes each image as the options say, in their order.</summary>
    /// <param name="features">(B, C, H, W) or (B, H, W, C), of any number type, on any device; not changed.</param>
    /// <param name="seed">The seed of this batch.</param>
    /// <param name="first">The place of the first image in the batch of all ranks, which is what is drawn for.</param>
    /// <returns>The new batch, of the same type where pixels are moved alone, else float32; <paramref name="features"/> itself where
    /// nothing is to be changed.</returns>
    public Tensor Apply(Tensor features, ulong seed, int first = 0)
    {
        if (_shape is not { } shape || !IsActive)
            return features;
        using var scope = NewDisposeScope();
        Tensor moved = MovesPixels ? Move(features, shape, seed, first) : features;
        return (ComputesPixels ? Compute(moved, shape, new SeedSequence(seed), first) : moved).MoveToOuterDisposeScope();
    }

    private Tensor Move(Tensor features, ImageShape shape, ulong seed, int first)
    {
        var random = new SplitMix64(seed);
        for (int i = 0; i < first; i++) Draw(ref random); // what other ranks use
        int rows = shape.Layout == ImageLayout.ChannelsFirst ? 2 : 1;
        int columns = rows + 1;
        var padded = Pad(features, shape, rows); // (B, C, H + 2P, W + 2P) or (B, H + 2P, W + 2P, C)
        // The whole batch is mirrored at once: that costs less than a call for each image.
        var mirrored = _flip ? padded.flip(columns) : padded;
        var images = new Tensor[features.shape[0]];
        for (int i = 0; i < images.Length; i++)
        {
            (bool mirrors, long down, long right) = Draw(ref random);
            var image = (mirrors ? mirrored : padded).narrow(0, i, 1);
            images[i] = _padding == 0 ? image : image.narrow(rows, down, shape.Height).narrow(columns, right, shape.Width);
        }
        return cat(images); // (B, C, H, W) or (B, H, W, C)
    }

    // Not rounded to whole numbers again: where white is 1, pixels may be stored as bytes too.
    private Tensor Compute(Tensor features, ImageShape shape, SeedSequence seeds, int first)
    {
        bool channelsLast = shape.Layout == ImageLayout.ChannelsLast;
        Tensor images = (channelsLast ? features.permute(0, 3, 1, 2) : features) // (B, C, H, W)
            .to(ScalarType.Float32).sub(_black).div(_range); // from 0 to 1
        if (_warp.IsActive) images = _warp.Apply(images, seeds, first);
        if (_jitter.IsActive) images = _jitter.Apply(images, seeds, first);
        images = images.mul(_range).sub(_minusBlack);
        return channelsLast ? images.permute(0, 2, 3, 1) : images;
    }

    /// <summary>What is done to the next image.</summary>
    private (bool Mirrors, long Down, long Right) Draw(ref SplitMix64 random)
    {
        bool mirrors = _flip && random.NextBelow(2) == 1;
        return _padding == 0 ? (mirrors, 0, 0) : (mirrors, Offset(ref random), Offset(ref random));
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
