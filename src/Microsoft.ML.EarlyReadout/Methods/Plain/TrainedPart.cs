using System.Text.Json.Serialization;

namespace Microsoft.ML.EarlyReadout;

/// <summary>What of a network is trained.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<TrainedPart>))]
public enum TrainedPart
{
    /// <summary>All of it.</summary>
    All,

    /// <summary>The layers after the last stage; the stages stay as they are (linear probing).</summary>
    Head,

    /// <summary>Nothing: readouts on a network as it begins, with the weights of a file or of an earlier model.</summary>
    None,
}
