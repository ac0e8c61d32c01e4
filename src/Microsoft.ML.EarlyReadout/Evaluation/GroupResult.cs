namespace Microsoft.ML.EarlyReadout;

/// <summary>The accuracy within one group.</summary>
public sealed class GroupResult
{
    /// <summary>The group in words, such as <c>waterbird, land</c>: <see cref="Label"/> and <see cref="Attributes"/>.</summary>
    public required string Name { get; init; }

    /// <summary>The true class of the group's rows; null with <see cref="Grouping.AttributeOnly"/>.</summary>
    public required string? Label { get; init; }

    /// <summary>The values of the group columns, in the order in which the columns were named.</summary>
    public required IReadOnlyList<string> Attributes { get; init; }

    /// <summary>Evaluated rows in the group; at least 1.</summary>
    public required long Count { get; init; }

    /// <summary>Rows whose predicted label is the true one.</summary>
    public required long Correct { get; init; }

    /// <summary><see cref="Correct"/> / <see cref="Count"/>, in [0, 1].</summary>
    public required double Accuracy { get; init; }

    /// <summary>The interval of <see cref="Accuracy"/> at <see cref="GroupMetrics.Confidence"/>.</summary>
    public required ConfidenceInterval AccuracyInterval { get; init; }

    /// <summary>Rows of the group in the training set; null when no training counts were given.</summary>
    public required long? TrainingCount { get; init; }
}
