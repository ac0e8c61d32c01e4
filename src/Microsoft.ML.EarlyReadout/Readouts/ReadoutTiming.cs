using System.Text.Json.Serialization;

namespace Microsoft.ML.EarlyReadout;

/// <summary>When readouts are trained. Either way nothing flows from them into the network.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ReadoutTiming>))]
public enum ReadoutTiming
{
    /// <summary>With the network, on the same batches: they see each stage as it comes to be. It costs no pass of its own.</summary>
    Together,

    /// <summary>When the network is trained, on the network as it then is, in evaluation mode.</summary>
    Afterwards,
}
