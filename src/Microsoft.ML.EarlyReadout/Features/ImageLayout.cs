using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;

namespace Microsoft.ML.EarlyReadout.Networks;

/// <summary>How one image's numbers are ordered.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ImageLayout>))]
[Experimental(ExperimentalId.OwnNetwork)]
public enum ImageLayout
{
    /// <summary>One plane a channel: (C, H, W), as <c>ExtractPixels</c> writes it by default.</summary>
    ChannelsFirst,

    /// <summary>Interleaved channels: (H, W, C), as <c>ExtractPixels</c> writes it with <c>interleavePixelColors</c>.</summary>
    ChannelsLast,
}
