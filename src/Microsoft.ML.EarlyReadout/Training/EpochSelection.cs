using System.Diagnostics;

namespace Microsoft.ML.EarlyReadout;

/// <summary>Turns predictions on the validation rows into the figure by which a network is kept.</summary>
internal static class EpochSelection
{
    /// <param name="metric">The figure.</param>
    /// <param name="predicted">The predicted class of each row.</param>
    /// <param name="labels">The class of each row.</param>
    /// <param name="groups">The group of each row; needed by the two group figures alone.</param>
    /// <returns>A number from 0 to 1.</returns>
    public static double Score(SelectionMetric metric, ReadOnlySpan<long> predicted, ReadOnlySpan<int> labels, ReadOnlySpan<int> groups) =>
        metric switch
        {
            SelectionMetric.ClassBalancedAccuracy => AccuracyByPart(predicted, labels, labels).Average(),
            SelectionMetric.UnbiasedAccuracy => AccuracyByPart(predicted, labels, groups).Average(),
            SelectionMetric.WorstGroupAccuracy => AccuracyByPart(predicted, labels, groups).Min(),
            SelectionMetric.AverageAccuracy or SelectionMetric.LastEpoch =>
                AccuracyByPart(predicted, labels, new int[labels.Length]).Single(),
            _ => throw new UnreachableException($"No metric {metric}."),
        };

    /// <summary>The rows of each part that has some, and those among them that are right, in the order of the parts.</summary>
    public static SortedDictionary<int, (int Right, int All)> Counts(
        ReadOnlySpan<long> predicted, ReadOnlySpan<int> labels, ReadOnlySpan<int> parts)
    {
        var counts = new SortedDictionary<int, (int Right, int All)>();
        for (int row = 0; row < labels.Length; row++)
        {
            (int right, int all) = counts.GetValueOrDefault(parts[row]);
            counts[parts[row]] = (right + (predicted[row] == labels[row] ? 1 : 0), all + 1);
        }

        return counts;
    }

    private static IEnumerable<double> AccuracyByPart(ReadOnlySpan<long> predicted, ReadOnlySpan<int> labels, ReadOnlySpan<int> parts) =>
        Counts(predicted, labels, parts).Values.Select(count => (double)count.Right / count.All);
}
