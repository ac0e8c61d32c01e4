namespace Microsoft.ML.EarlyReadout;

/// <summary>One readout in a <see cref="ReadoutProfile"/>.</summary>
public sealed class ReadoutResult
{
    /// <summary>The readout's name.</summary>
    public required string Name { get; init; }

    /// <summary>The part of the rows that it reads rightly, in [0, 1].</summary>
    public required double Accuracy { get; init; }

    /// <summary>The confidence margins of the rows that it reads rightly.</summary>
    public required MarginDistribution RightMargins { get; init; }

    /// <summary>The confidence margins of the rows that it reads wrongly.</summary>
    public required MarginDistribution WrongMargins { get; init; }

    /// <summary>The part of the worst group's rows that it reads wrongly; <see langword="null"/> without groups.</summary>
    public required double? WorstGroupRecall { get; init; }

    /// <summary>
    /// The part of the rows that it reads wrongly that are of the worst group; <see langword="null"/> without groups or without errors.
    /// </summary>
    public required double? WorstGroupPrecision { get; init; }

    /// <summary>
    /// The area under the ROC curve of its signal for belonging to the worst group: 0.5 says nothing, 1 tells the group apart;
    /// <see langword="null"/> without groups, or with one only.
    /// </summary>
    public required double? WorstGroupAreaUnderRocCurve { get; init; }

    /// <summary>The groups, by name; empty without groups.</summary>
    public required IReadOnlyList<ReadoutGroup> Groups { get; init; }
}

/// <summary>A group in a <see cref="ReadoutResult"/>.</summary>
/// <param name="Name">The group in words, such as <c>waterbird, land</c>: label and attribute.</param>
/// <param name="Label">Its label.</param>
/// <param name="Attribute">Its value of the group column.</param>
/// <param name="Count">Its rows.</param>
/// <param name="ClassifierAccuracy">The classifier's own accuracy on it, in [0, 1].</param>
/// <param name="Accuracy">The readout's accuracy on it, in [0, 1].</param>
/// <param name="MeanSignal">The mean of the signal over the rows that have a margin: the margin where the readout is wrong, else 0. 0 where
/// no row has one.</param>
public sealed record ReadoutGroup(
    string Name, string Label, string Attribute, long Count, double ClassifierAccuracy, double Accuracy, double MeanSignal);
