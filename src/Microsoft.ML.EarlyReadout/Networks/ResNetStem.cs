using System.Text.Json.Serialization;

namespace Microsoft.ML.EarlyReadout;

/// <summary>The first layers of a ResNet.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ResNetStem>))]
public enum ResNetStem
{
    /// <summary>
    /// The one of the weights that the network begins with: those of a file, or of a model to start from. Without any, <see cref="Small"/>
    /// where the shorter side has less than 64 pixels, else <see cref="ImageNet"/>.
    /// </summary>
    Automatic,

    /// <summary>7×7 convolution of stride 2 and 3×3 max pooling of stride 2, as trained on ImageNet.</summary>
    ImageNet,

    /// <summary>One 3×3 convolution of stride 1 and no pooling, for images such as 32×32.</summary>
    Small,
}
