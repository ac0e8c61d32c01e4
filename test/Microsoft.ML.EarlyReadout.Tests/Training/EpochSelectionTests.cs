using Microsoft.ML.EarlyReadout;

namespace MLSieve.Tests;

public sealed class EpochSelectionTests
{
    // Class 0: rows 0–5, of which 4 right; class 1: rows 6–7, of which 1 right. Group 0: rows 0–3 (4/4), group 1: rows 4–5 (0/2), group 2:
    // rows 6–7 (1/2).
    private static readonly long[] Predicted = [0, 0, 0, 0, 1, 1, 1, 0];
    private static readonly int[] Labels = [0, 0, 0, 0, 0, 0, 1, 1];
    private static readonly int[] Groups = [0, 0, 0, 0, 1, 1, 2, 2];

    [Theory]
    [InlineData(SelectionMetric.AverageAccuracy, 5.0 / 8)]
    [InlineData(SelectionMetric.ClassBalancedAccuracy, (4.0 / 6 + 1.0 / 2) / 2)]
    [InlineData(SelectionMetric.UnbiasedAccuracy, (1 + 0 + 0.5) / 3)]
    [InlineData(SelectionMetric.WorstGroupAccuracy, 0.0)]
    public void Each_figure_is_what_it_says(SelectionMetric metric, double expected) =>
        Assert.Equal(expected, EpochSelection.Score(metric, Predicted, Labels, Groups), 12);
}
