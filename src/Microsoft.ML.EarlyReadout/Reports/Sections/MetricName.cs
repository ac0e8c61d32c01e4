using System.Diagnostics;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Figures of selection in words.</summary>
internal static class MetricName
{
    public static string Of(SelectionMetric metric) => metric switch
    {
        SelectionMetric.ClassBalancedAccuracy => "class-balanced accuracy",
        SelectionMetric.WorstGroupAccuracy => "worst-group accuracy",
        SelectionMetric.UnbiasedAccuracy => "mean of the groups' accuracies",
        SelectionMetric.AverageAccuracy or SelectionMetric.LastEpoch => "accuracy",
        _ => throw new UnreachableException($"No metric {metric}."),
    };
}
