using System.Text.Json.Serialization;

namespace Microsoft.ML.EarlyReadout;

/// <summary>The validation figure that says which network of a training is kept.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<SelectionMetric>))]
public enum SelectionMetric
{
    /// <summary>Accuracy over all validation rows.</summary>
    AverageAccuracy,

    /// <summary>Plain mean of the accuracies of the classes.</summary>
    ClassBalancedAccuracy,

    /// <summary>Lowest accuracy of any group; needs <see cref="TrainerOptions.GroupColumnName"/>.</summary>
    WorstGroupAccuracy,

    /// <summary>Plain mean of the accuracies of the groups; needs <see cref="TrainerOptions.GroupColumnName"/>.</summary>
    UnbiasedAccuracy,

    /// <summary>None: the network of the last step is kept.</summary>
    LastEpoch,
}
