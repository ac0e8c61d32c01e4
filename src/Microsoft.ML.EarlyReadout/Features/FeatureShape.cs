using System.Diagnostics.CodeAnalysis;
using Microsoft.ML.Data;
using static TorchSharp.torch;

namespace Microsoft.ML.EarlyReadout.Networks;

/// <summary>The shape of one example as it is stored in the feature column: a <see cref="VectorShape"/>, an
/// <see cref="ImageShape"/> or, of a text column, a <see cref="TokenShape"/>.</summary>
/// <remarks>What differs between them is asked of the shape; how their column stands in a view is a <see cref="FeatureFormat"/>.</remarks>
[Experimental(ExperimentalId.OwnNetwork)]
public abstract record FeatureShape
{
    private protected FeatureShape() { }

    /// <summary>Numbers in one example.</summary>
    public abstract int Size { get; }

    /// <summary>Channels of an image, numbers of a vector, tokens of a text: the second dimension of what a network's stem reads.</summary>
    public abstract int Channels { get; }

    /// <summary>The dimensions without the batch: (D), (C, H, W), (H, W, C) or (L).</summary>
    public abstract long[] Dimensions { get; }

    /// <summary>The narrowest type in which rows are packed; those that do not fit it are float32.</summary>
    internal abstract ScalarType StoredType { get; }

    /// <summary>The type of the numbers that the exported graph reads, of these <see cref="Dimensions"/>.</summary>
    internal abstract NumberDataViewType GraphType { get; }

    /// <summary>Whether the numbers have a black and a white, which the training rows decide; see <see cref="ValueRange"/>.</summary>
    internal abstract bool HasValueRange { get; }

    /// <summary>Whether networks read such examples by convolutions: those run faster on batches and weights that are stored channels
    /// last, and take longer than handing parts of a batch to other threads.</summary>
    internal abstract bool IsConvolved { get; }

    /// <summary>Examples in words, such as "vectors of 7 numbers".</summary>
    internal abstract string Plural { get; }

    /// <summary>The shape of a feature vector.</summary>
    /// <param name="length">Its length.</param>
    public static VectorShape Vector(int length) => new(length);

    /// <summary>The shape of an image stored one plane a channel.</summary>
    /// <param name="channels">Channels, at least 1; pictures have 1, 3, or 4 with alpha.</param>
    /// <param name="height">Height in pixels.</param>
    /// <param name="width">Width in pixels.</param>
    public static ImageShape Image(int channels, int height, int width) => new(ImageLayout.ChannelsFirst, channels, height, width);

    /// <summary>The shape of a tokenised text.</summary>
    /// <param name="length">The most tokens of a row.</param>
    /// <param name="vocabulary">Tokens in the vocabulary.</param>
    /// <param name="separator">The token that ends each text, [SEP].</param>
    public static TokenShape Tokens(int length, int vocabulary, int separator) => new(length, vocabulary, separator);

    /// <inheritdoc/>
    public sealed override string ToString() => $"({string.Join(", ", Dimensions)})";
}
