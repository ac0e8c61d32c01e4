using System.Text.Json.Serialization;

namespace Microsoft.ML.EarlyReadout;

/// <summary>What the numbers of an image are, which decides how they enter the network where neither <see cref="InputOptions.Mean"/> nor
/// <see cref="InputOptions.Scale"/> says so.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ValueRange>))]
public enum ValueRange
{
    /// <summary>A column of images holds 0 to 255. Of a column of numbers the smallest and the largest of the training rows decide: up to 1
    /// is <see cref="ZeroToOne"/>, up to 255 is <see cref="ZeroTo255"/>, and anything else, such as −1 to 1, is <see cref="AsIs"/>.
    /// The log says what was chosen and from what; numbers that end above 1 and below 64 are warned of where neither <see
    /// cref="InputOptions.Mean"/> nor <see cref="InputOptions.Scale"/> is given.</summary>
    Automatic,

    /// <summary>From 0, black, to 255, white: they enter the network as −1 to 1.</summary>
    ZeroTo255,

    /// <summary>From 0, black, to 1, white: they enter the network as −1 to 1.</summary>
    ZeroToOne,

    /// <summary>They enter the network as they are, such as pixels that are normalised already.</summary>
    AsIs,
}
