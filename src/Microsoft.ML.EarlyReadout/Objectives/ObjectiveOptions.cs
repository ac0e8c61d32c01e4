using System.Text.Json.Serialization;
using Microsoft.ML.SearchSpace;

namespace Microsoft.ML.EarlyReadout;

/// <summary>What plain training minimises, and how.</summary>
[JsonObjectCreationHandling(JsonObjectCreationHandling.Populate)]
public sealed class ObjectiveOptions
{
    /// <summary>The objective.</summary>
    /// <value>The default value is <see cref="ObjectiveKind.EmpiricalRisk"/>.</value>
    public ObjectiveKind Kind { get; set; } = ObjectiveKind.EmpiricalRisk;

    /// <summary>η of group DRO: how fast a group's share follows its loss.</summary>
    /// <value>The default value is 0.01. Greater than 0.</value>
    [Range(1e-3, 1e-1, 1e-2, true)]
    public double GroupDroRate { get; set; } = 0.01;

    /// <summary>How Just Train Twice finds and counts the rows that mislead.</summary>
    [NestOption]
    public JustTrainTwiceOptions JustTrainTwice { get; set; } = new();

    /// <summary>Passes over the balanced rows when deep feature reweighting trains the head anew.</summary>
    /// <value>The default value is 10. At least 1.</value>
    public int ReweightingEpochs { get; set; } = 10;

    /// <summary>The rows with groups on which deep feature reweighting trains the head anew, with the training view's columns and the group column.</summary>
    /// <value>The default value is <see langword="null"/>: the training rows.</value>
    [JsonIgnore]
    public IDataView? ReweightingSet { get; set; }
}
