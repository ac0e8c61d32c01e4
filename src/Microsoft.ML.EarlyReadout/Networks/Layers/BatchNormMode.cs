using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;

namespace Microsoft.ML.EarlyReadout.Networks;

/// <summary>What batch norm does in training mode; in evaluation mode it always uses the stored statistics.</summary>
[Experimental(ExperimentalId.OwnMethod)]
[JsonConverter(typeof(JsonStringEnumConverter<BatchNormMode>))]
public enum BatchNormMode
{
    /// <summary>Normalises by the batch and moves the stored statistics towards it.</summary>
    BatchAndStore,

    /// <summary>Normalises by the batch and leaves the stored statistics alone.</summary>
    BatchOnly,

    /// <summary>Normalises by the stored statistics and leaves them alone.</summary>
    Stored,
}
