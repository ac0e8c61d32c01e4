using System.Text.Json.Serialization;

namespace Microsoft.ML.EarlyReadout.Search;

/// <summary>What became of a trial.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<TrialState>))]
public enum TrialState
{
    /// <summary>All its runs were trained in full.</summary>
    Finished,

    /// <summary>It was not good enough to go on.</summary>
    Stopped,

    /// <summary>At least one of its runs diverged, and counts 0.</summary>
    Diverged,

    /// <summary>At least one of its runs failed too often, and counts 0.</summary>
    Failed,
}
