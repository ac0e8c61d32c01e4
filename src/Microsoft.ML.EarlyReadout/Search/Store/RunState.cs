using System.Diagnostics.CodeAnalysis;
using System.Text.Json.Serialization;

namespace Microsoft.ML.EarlyReadout.Search;

/// <summary>Where a run of a search stands.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<RunState>))]
[Experimental(ExperimentalId.OwnStore)]
public enum RunState
{
    /// <summary>Nobody trains it: it has not begun, or waits for its next rung.</summary>
    Open,

    /// <summary>A worker has claimed it.</summary>
    Running,

    /// <summary>It has been trained to its last rung.</summary>
    Finished,

    /// <summary>It was not good enough to go on.</summary>
    Stopped,

    /// <summary>It failed too often.</summary>
    Failed,
}
