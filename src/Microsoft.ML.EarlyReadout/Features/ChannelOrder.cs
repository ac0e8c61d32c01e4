using System.Text.Json.Serialization;

namespace Microsoft.ML.EarlyReadout;

/// <summary>The order of the colour channels.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ChannelOrder>))]
public enum ChannelOrder
{
    /// <summary>Red, green, blue: torchvision's order.</summary>
    Rgb,

    /// <summary>Blue, green, red: Caffe's order.</summary>
    Bgr,
}
