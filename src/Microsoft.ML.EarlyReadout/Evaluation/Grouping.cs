using System.Text.Json.Serialization;

namespace Microsoft.ML.EarlyReadout;

/// <summary>What makes two rows members of the same group.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<Grouping>))]
public enum Grouping
{
    /// <summary>The label together with the group columns: the groups of the spurious-correlation literature (label × attribute).</summary>
    LabelAndAttribute,

    /// <summary>The group columns alone: the grouping as the data give it.</summary>
    AttributeOnly,
}
