using System.Text.Json.Serialization;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Which statistics the network's batch norm uses while training. Its scale and shift train in either case.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<BatchNormStatistics>))]
public enum BatchNormStatistics
{
    /// <summary><see cref="Frozen"/> where weights are given, by a file or a model to start from, as in the papers' runs; else
    /// <see cref="Live"/>.</summary>
    Automatic,

    /// <summary>The batch's own, and the stored ones follow them.</summary>
    Live,

    /// <summary>The stored ones, which stay as they are.</summary>
    Frozen,
}
