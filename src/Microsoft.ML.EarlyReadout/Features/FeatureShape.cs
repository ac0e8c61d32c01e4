using System.Text.Json.Serialization;

namespace Microsoft.ML.EarlyReadout;

/// <summary>How one example's numbers are ordered.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<FeatureLayout>))]
public enum FeatureLayout
{
    /// <summary>A plain vector of features: (D).</summary>
    Vector,

    /// <summary>An image, one plane a channel: (C, H, W), as <c>ExtractPixels</c> writes it by default.</summary>
    ChannelsFirst,

    /// <summary>An image with interleaved channels: (H, W, C), as <c>ExtractPixels</c> writes it with <c>interleavePixelColors</c>.</summary>
    ChannelsLast,
}

/// <summary>The shape of one example as it is stored in the feature column.</summary>
/// <param name="Layout">The order of the numbers.</param>
/// <param name="Channels">Channels of an image; for a vector its length.</param>
/// <param name="Height">Height of an image in pixels; 1 for a vector.</param>
/// <param name="Width">Width of an image in pixels; 1 for a vector.</param>
public sealed record FeatureShape(FeatureLayout Layout, int Channels, int Height, int Width)
{
    /// <summary>Whether the example is an image rather than a vector.</summary>
    public bool IsImage => Layout != FeatureLayout.Vector;

    /// <summary>Numbers in one example.</summary>
    public int Size => Channels * Height * Width;

    /// <summary>The dimensions without the batch: (D), (C, H, W) or (H, W, C).</summary>
    public long[] Dimensions => Layout switch
    {
        FeatureLayout.Vector => [Channels],
        FeatureLayout.ChannelsFirst => [Channels, Height, Width],
        _ => [Height, Width, Channels],
    };

    /// <summary>The shape of a feature vector.</summary>
    /// <param name="length">Its length.</param>
    public static FeatureShape Vector(int length) => new(FeatureLayout.Vector, length, 1, 1);

    /// <summary>The shape of an image stored one plane a channel.</summary>
    /// <param name="channels">Channels, 1 or 3.</param>
    /// <param name="height">Height in pixels.</param>
    /// <param name="width">Width in pixels.</param>
    public static FeatureShape Image(int channels, int height, int width) => new(FeatureLayout.ChannelsFirst, channels, height, width);

    /// <inheritdoc/>
    public override string ToString() => $"({string.Join(", ", Dimensions)})";
}
