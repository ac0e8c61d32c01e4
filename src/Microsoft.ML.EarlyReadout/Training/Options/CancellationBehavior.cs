using System.Text.Json.Serialization;

namespace Microsoft.ML.EarlyReadout;

/// <summary>What a fit does when it is cancelled.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<CancellationBehavior>))]
public enum CancellationBehavior
{
    /// <summary>It throws an <see cref="OperationCanceledException"/>.</summary>
    Throw,

    /// <summary>
    /// It stops training and returns the best model so far: with validation rows that of the best validation, else the network as the last
    /// step left it. It still throws before the first step of the training proper, when there is no model yet, and where readouts alone are
    /// trained, before their first. Readouts that were still to be trained are returned as they are; a head that deep or automatic feature
    /// reweighting has not finished gives way to the one before it.
    /// </summary>
    ReturnBest,
}
